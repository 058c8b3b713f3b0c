//! A small HTTP server on 127.0.0.1 that does as a test tells it, and counts.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server says to one request.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    cut: Option<usize>,
    stalls: bool,
    drips: bool,
    token: Option<String>,
}

impl Reply {
    /// Answers 200 with a body.
    pub(crate) fn body(body: impl Into<Vec<u8>>) -> Self {
        Reply {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
            cut: None,
            stalls: false,
            drips: false,
            token: None,
        }
    }

    /// Answers with a status and nothing else.
    pub(crate) fn status(status: u16) -> Self {
        Reply {
            status,
            ..Reply::body("")
        }
    }

    /// Promises the whole body, but breaks the connection after some bytes of it.
    pub(crate) fn cut(mut self, after: usize) -> Self {
        self.cut = Some(after);
        self
    }

    /// Says nothing, until the client goes away.
    pub(crate) fn stall() -> Self {
        Reply {
            stalls: true,
            ..Reply::body("")
        }
    }

    /// Sends its body byte by byte, some dozens in a second.
    pub(crate) fn drip(mut self) -> Self {
        self.drips = true;
        self
    }

    /// Gives an entity tag, and 304 to who has it already.
    pub(crate) fn etag(mut self, tag: &str) -> Self {
        self.headers.push(("ETag".to_owned(), tag.to_owned()));
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Answers 401 to who does not say this.
    pub(crate) fn only_for(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What was asked for, as it stood in the request.
    pub target: String,
    headers: BTreeMap<String, String>,
}

impl Request {
    /// Returns a header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[derive(Default)]
struct State {
    replies: BTreeMap<String, VecDeque<Reply>>,
    requests: Vec<Request>,
    connections: usize,
}

/// The server. Its thread ends with the test's process.
pub(crate) struct Server {
    address: SocketAddr,
    secure: bool,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Starts a server that knows nothing yet: all is 404.
    pub(crate) fn start() -> Self {
        Server::speaking(None)
    }

    /// Starts one that speaks TLS, with a certificate that [`AUTHORITY`] signed.
    pub(crate) fn start_secure() -> Self {
        Server::speaking(Some(tls()))
    }

    fn speaking(tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let secure = tls.is_some();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                shared
                    .lock()
                    .expect("no test panics with the lock")
                    .connections += 1;
                // A client that goes away is no failure of the server.
                std::thread::spawn(move || speak(stream, tls, &shared).ok());
            }
        });
        Server {
            address,
            secure,
            state,
        }
    }

    /// Returns the URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// Says what is told at a target: each reply once, the last one ever after.
    pub(crate) fn on(&self, target: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies = replies.into_iter().collect();
        self.state
            .lock()
            .expect("lock")
            .replies
            .insert(target.to_owned(), replies);
    }

    /// Returns what was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().expect("lock").requests.clone()
    }

    /// Returns the requests for a target.
    pub(crate) fn requests_for(&self, target: &str) -> Vec<Request> {
        self.requests()
            .into_iter()
            .filter(|r| r.target == target)
            .collect()
    }

    /// Returns how many connections were opened so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.lock().expect("lock").connections
    }
}

/// Returns the URL of a port that nobody listens at.
pub(crate) fn url_of_nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!(
        "http://{}/index/",
        listener.local_addr().expect("an address")
    )
}

/// The certificate of the authority that signed the server's.
pub(crate) const AUTHORITY: &str = include_str!("registry_tls/ca.pem");

fn tls() -> Arc<rustls::ServerConfig> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certificate =
        CertificateDer::from_pem_slice(include_bytes!("registry_tls/server.pem")).expect("PEM");
    let key =
        PrivateKeyDer::from_pem_slice(include_bytes!("registry_tls/server.key")).expect("PEM");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .and_then(|builder| {
        builder
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
    });
    Arc::new(config.expect("a certificate and its key"))
}

fn speak(
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    match tls {
        None => serve(stream, state),
        Some(tls) => {
            let connection = rustls::ServerConnection::new(tls).map_err(std::io::Error::other)?;
            let mut stream = rustls::StreamOwned::new(connection, stream);
            serve(&mut stream, state)?;
            stream.conn.send_close_notify();
            stream.flush()
        }
    }
}

fn serve(mut stream: impl Read + Write, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(&mut stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let Some(target) = first.split(' ').nth(1).map(str::to_owned) else {
        return Ok(());
    };
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let request = Request { target, headers };
    let reply = {
        let mut state = state.lock().expect("lock");
        state.requests.push(request.clone());
        let replies = state.replies.get_mut(&request.target);
        replies.and_then(|r| {
            if r.len() > 1 {
                r.pop_front()
            } else {
                r.front().cloned()
            }
        })
    };
    match reply {
        Some(reply) if reply.stalls => stream.read(&mut [0]).map(drop),
        Some(reply) => answer(&mut stream, &request, reply),
        None => answer(&mut stream, &request, Reply::status(404)),
    }
}

fn answer(mut stream: impl Write, request: &Request, mut reply: Reply) -> std::io::Result<()> {
    let tag = reply
        .headers
        .iter()
        .find(|(name, _)| name == "ETag")
        .map(|(_, tag)| tag.as_str());
    if reply
        .token
        .as_deref()
        .is_some_and(|token| request.header("authorization") != Some(token))
    {
        reply = Reply::status(401);
    } else if tag.is_some() && request.header("if-none-match") == tag {
        reply = Reply::status(304);
    }
    write!(
        stream,
        "HTTP/1.1 {} Reply\r\nConnection: close\r\n",
        reply.status
    )?;
    for (name, value) in &reply.headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    if reply.status != 304 {
        write!(stream, "Content-Length: {}\r\n", reply.body.len())?;
    }
    write!(stream, "\r\n")?;
    let sent = reply.cut.unwrap_or(reply.body.len()).min(reply.body.len());
    if reply.drips {
        for byte in reply.body.chunks(1) {
            stream.write_all(byte)?;
            stream.flush()?;
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        return Ok(());
    }
    stream.write_all(&reply.body[..sent])?;
    stream.flush()
}
