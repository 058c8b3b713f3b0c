//! `wash-wasi-sync`: parse, run, exit code.

fn main() -> std::process::ExitCode {
    wash_wasi_sync::commands::main(std::env::args_os())
}
