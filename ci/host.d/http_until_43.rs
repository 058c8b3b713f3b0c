//! `wasmtime-wasi-http` before 43.

use wasmtime_wasi::ResourceTable;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpView};

pub use wasmtime_wasi_http::add_to_linker_async;

impl WasiHttpView for super::Host {
    fn ctx(&mut self) -> &mut WasiHttpCtx {
        &mut self.http
    }

    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}
