//! What the sources use of the fork's module `runtime`: a runtime for callers that are
//! not in one, as synchronous hosts are.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Made when it is first entered. Where that fails there is nothing to go on with, as
/// in the fork.
#[expect(clippy::unwrap_used, reason = "the fork's runtime does so too")]
pub(crate) static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().enable_all().build().unwrap());

/// Calls `f` in the caller's runtime, or in that of here if there is none.
pub(crate) fn with_ambient_tokio_runtime<R>(f: impl FnOnce() -> R) -> R {
    let _entered = Handle::try_current().is_err().then(|| RUNTIME.enter());
    f()
}
