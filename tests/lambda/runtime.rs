//! The Lambda Runtime API on loopback, and the real function that asks it for events.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

/// What the function leaves of its time for its last tick.
const MARGIN: Duration = Duration::from_secs(30);
/// No invocation of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the function wrote, a line each.
pub(crate) type Lines = Arc<Mutex<Vec<String>>>;

/// How an invocation ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The process is gone.
    Exited,
    /// It says so itself.
    Error(String),
}

struct Pending {
    id: String,
    event: String,
    deadline: SystemTime,
}

#[derive(Default)]
struct Desk {
    pending: VecDeque<Pending>,
    answers: BTreeMap<String, Result<Value, Value>>,
    /// Nobody is to be served any more.
    closed: bool,
}

type Shared = Arc<(Mutex<Desk>, Condvar)>;

/// A function, warm.
pub(crate) struct Function {
    child: Child,
    desk: Shared,
    sent: u32,
    burst: Duration,
    readers: Vec<thread::JoinHandle<()>>,
}

impl Function {
    /// Starts the real binary; what it writes goes to `lines`. It ticks for `burst` at a time.
    pub(crate) fn start(environment: &[(String, String)], burst: Duration, lines: &Lines) -> Self {
        let desk = Shared::default();
        let api = serve(&desk);
        let mut child = Command::new(env!("CARGO_BIN_EXE_stacksnap-lambda"))
            .env_clear()
            .envs(environment.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "stacksnap-run")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/stacksnap-run")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/20/[$LATEST]0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = vec![keep(out, lines), keep(err, lines)];
        Self { child, desk, sent: 0, burst, readers }
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends one event, and waits for the answer.
    pub(crate) fn invoke(&mut self, event: &Value) -> Result<Value, Crash> {
        self.sent += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.sent);
        let deadline = SystemTime::now() + MARGIN + self.burst;
        let (desk, bell) = &*self.desk;
        desk.lock().unwrap().pending.push_back(Pending { id: id.clone(), event: event.to_string(), deadline });
        bell.notify_all();
        let patience = Instant::now() + PATIENCE;
        let mut open = desk.lock().unwrap();
        loop {
            if let Some(answer) = open.answers.remove(&id) {
                return answer.map_err(|error| Crash::Error(error.to_string()));
            }
            if self.child.try_wait().unwrap().is_some() {
                return Err(Crash::Exited);
            }
            assert!(Instant::now() < patience, "the function does not answer {event}");
            open = bell.wait_timeout(open, Duration::from_millis(20)).unwrap().0;
        }
    }

    /// It is gone; everything it wrote was read.
    pub(crate) fn end(&mut self) {
        drop((self.child.kill(), self.child.wait()));
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.end();
        let (desk, bell) = &*self.desk;
        desk.lock().unwrap().closed = true;
        bell.notify_all();
    }
}

fn keep(from: impl Read + Send + 'static, lines: &Lines) -> thread::JoinHandle<()> {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    })
}

fn serve(desk: &Shared) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, desk) = (listener.local_addr().unwrap(), Arc::clone(desk));
    drop(thread::spawn(move || {
        for stream in listener.incoming() {
            let desk = Arc::clone(&desk);
            drop(thread::spawn(move || talk(stream.unwrap(), &desk)));
        }
    }));
    address
}

/// One connection, for as long as the function keeps it.
fn talk(stream: TcpStream, desk: &Shared) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = read(&mut reader) {
        let Some(answer) = route(&request, desk) else { return };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// An HTTP request.
pub(crate) struct Request {
    /// Its first line.
    pub(crate) line: String,
    /// Its body.
    pub(crate) body: String,
}

/// Reads a request; `None`: the other side has gone.
pub(crate) fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        length = header.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().unwrap());
        chunked |= header == "transfer-encoding: chunked";
    }
    assert!(!chunked, "these clients know how long their bodies are");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: line.trim().to_owned(), body: String::from_utf8(body).unwrap() })
}

fn route(request: &Request, desk: &Shared) -> Option<String> {
    let path = request.line.split(' ').nth(1).unwrap_or_default();
    let parts: Vec<&str> = path.trim_start_matches("/2018-06-01/runtime/").split('/').collect();
    match parts.as_slice() {
        ["invocation", "next"] => next(desk),
        ["invocation", id, "response"] => Some(take(desk, id, Ok(request.body.as_str()))),
        ["invocation", id, "error"] => Some(take(desk, id, Err(request.body.as_str()))),
        ["init", "error"] => panic!("the function cannot begin: {}", request.body),
        _ => panic!("no Runtime API has {}", request.line),
    }
}

/// Waits for the next event.
fn next(desk: &Shared) -> Option<String> {
    let (desk, bell) = &**desk;
    let mut open = desk.lock().unwrap();
    loop {
        if open.closed {
            return None;
        }
        if let Some(Pending { id, event, deadline }) = open.pending.pop_front() {
            let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
            return Some(format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                 Lambda-Runtime-Aws-Request-Id: {id}\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:stacksnap-run\r\n\
                 \r\n{event}",
                event.len()
            ));
        }
        open = bell.wait(open).unwrap();
    }
}

fn take(desk: &Shared, id: &str, answer: Result<&str, &str>) -> String {
    let parse = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    let (desk, bell) = &**desk;
    desk.lock().unwrap().answers.insert(id.to_owned(), answer.map(parse).map_err(parse));
    bell.notify_all();
    "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
}
