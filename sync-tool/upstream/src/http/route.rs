//! The way to a server: proxies, and whose certificates are trusted.

use std::path::Path;

use host::Environment;
use recipe::address::masked;
use recipe::error::{Error, Result};
use reqwest::{NoProxy, Proxy};

/// Returns the proxies: cargo's own setting, else the environment's as curl reads it.
pub(super) fn proxies(env: &Environment, configured: Option<&str>) -> Result<Vec<Proxy>> {
    let either = |name: &str| env.text(name).or_else(|| env.text(&name.to_uppercase()));
    let none = either("no_proxy").and_then(NoProxy::from_string);
    let made = |of: &str, proxy: fn(String) -> reqwest::Result<Proxy>| {
        let url = if of.contains("://") {
            of.to_owned()
        } else {
            format!("http://{of}")
        };
        let proxy = proxy(url.clone()).map_err(|e| {
            Error::general(format!("the proxy `{}` is malformed", masked(&url)))
                .caused_by(e)
                .help("correct cargo's `http.proxy`, or `https_proxy` and `http_proxy` in the environment")
        })?;
        Ok(proxy.no_proxy(none.clone()))
    };
    match configured {
        Some("") => return Ok(Vec::new()),
        Some(of) => return Ok(vec![made(of, Proxy::all)?]),
        None => {}
    }
    let mut all = Vec::new();
    // Upper case is left out for plain HTTP: in a CGI program it is a request's header.
    if let Some(of) = env.text("http_proxy") {
        all.push(made(of, Proxy::http)?);
    }
    if let Some(of) = either("https_proxy") {
        all.push(made(of, Proxy::https)?);
    }
    if let Some(of) = either("all_proxy") {
        all.push(made(of, Proxy::all)?);
    }
    Ok(all)
}

/// Reads the certificates that are trusted besides the system's.
pub(super) fn certificates(file: &Path) -> Result<Vec<reqwest::Certificate>> {
    let pem = std::fs::read(file).map_err(|e| Error::io("read the certificates in", file, e))?;
    let wrong = || {
        Error::general(format!(
            "{} is not a file of certificates in PEM form",
            file.display()
        ))
        .help("correct cargo's `http.cainfo` (or CARGO_HTTP_CAINFO)")
    };
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(all) if all.is_empty() => Err(wrong()),
        Ok(all) => Ok(all),
        Err(e) => Err(wrong().caused_by(e)),
    }
}
