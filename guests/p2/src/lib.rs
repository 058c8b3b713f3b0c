//! The guest for WASI P2.

mod address;
mod tcp;
mod udp;

use shared::{Fault, READY, Role, at, told};

wit_bindgen::generate!({
    path: "../../vendor/wash-wasi/src/p2/wit",
    world: "wasi:cli/command",
    generate_all,
});

struct Component;

export!(Component);

impl exports::wasi::cli::run::Guest for Component {
    fn run() -> Result<(), ()> {
        match play() {
            Ok(said) => say(&format!("{said}\n")).map_err(drop),
            Err(fault) => {
                // Nothing is left to be told to where this fails too.
                let _ = say(&format!("fault: {fault}\n"));
                Err(())
            }
        }
    }
}

fn play() -> Result<String, Fault> {
    let (role, address) = told(&wasi::cli::environment::get_arguments())?;
    match role {
        Role::TcpServer => tcp::serve(address),
        Role::TcpClient => tcp::call(address),
        Role::TcpTrap => tcp::fall(address),
        Role::UdpServer => udp::serve(address),
        Role::UdpClient => udp::call(address),
        Role::GivesUp { .. } => Err("gives-up: a role for WASI P3 alone".to_owned()),
    }
}

fn ready() -> Result<(), Fault> {
    say(READY)
}

fn say(words: &str) -> Result<(), Fault> {
    wasi::cli::stdout::get_stdout()
        .blocking_write_and_flush(words.as_bytes())
        .map_err(at("standard output"))
}
