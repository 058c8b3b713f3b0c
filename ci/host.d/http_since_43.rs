//! `wasmtime-wasi-http` from 43 on.

// The view is in the second up to 47, and in the first from 48 on.
#[allow(unused_imports, reason = "one of them has what is used")]
use wasmtime_wasi_http::{p2::*, *};

pub use wasmtime_wasi_http::p2::add_to_linker_async;

impl WasiHttpView for super::Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: Default::default(),
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
