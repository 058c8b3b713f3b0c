//! Makes a component of a core module that `wit-bindgen` has put its metadata into.
//!
//!     component MODULE COMPONENT

use std::error::Error;
use std::{env, fs};
use wit_component::ComponentEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, component] = arguments.as_slice() else {
        return Err("usage: component MODULE COMPONENT".into());
    };
    let bytes = ComponentEncoder::default()
        .validate(true)
        .module(&fs::read(module)?)?
        .encode()?;
    fs::write(component, bytes)?;
    Ok(())
}
