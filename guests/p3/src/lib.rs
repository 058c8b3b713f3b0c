//! The guest for WASI P3.
//!
//! What is a future of the component model in one release is an asynchronous function
//! in another; `.await` is right for both.

mod address;
mod cancel;
mod idle;
mod tcp;
mod udp;

use futures_util::future::join;
use shared::{Fault, READY, Role, at, told};

wit_bindgen::generate!({
    path: "../../vendor/wash-wasi/src/p3/wit",
    world: "wasi:cli/command",
    generate_all,
});

struct Component;

export!(Component);

impl exports::wasi::cli::run::Guest for Component {
    async fn run() -> Result<(), ()> {
        match play().await {
            Ok(said) => say(&format!("{said}\n")).await.map_err(drop),
            Err(fault) => {
                // Nothing is left to be told to where this fails too.
                let _ = say(&format!("fault: {fault}\n")).await;
                Err(())
            }
        }
    }
}

async fn play() -> Result<String, Fault> {
    let (role, address) = told(&wasi::cli::environment::get_arguments())?;
    match role {
        Role::TcpServer => tcp::serve(address).await,
        Role::TcpClient => tcp::call(address).await,
        Role::TcpTrap => tcp::fall(address).await,
        Role::UdpServer => udp::serve(address).await,
        Role::UdpClient => udp::call(address).await,
        Role::GivesUp { everywhere } => idle::give_up(address, everywhere).await,
    }
}

async fn ready() -> Result<(), Fault> {
    say(READY).await
}

async fn say(words: &str) -> Result<(), Fault> {
    let (mut writer, reader) = wit_stream::new();
    let write = async {
        writer.write_all(words.as_bytes().to_vec()).await;
        drop(writer);
    };
    let written = async { wasi::cli::stdout::write_via_stream(reader).await };
    let (written, ()) = join(written, write).await;
    written.map_err(at("standard output"))
}
