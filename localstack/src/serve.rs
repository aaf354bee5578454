//! The sandbox on a socket.

use crate::sandbox::{Outcome, Sandbox};
use bytes::Bytes;
use http::header::{CONNECTION, EXPECT, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use tokio::net::TcpListener;

/// No request of these services is longer than this many bytes.
const LONGEST: usize = 4 << 20;

/// Serves a sandbox until the listener fails. A dropped outcome closes the connection.
///
/// # Errors
/// When the listener cannot accept any more.
pub async fn serve(sandbox: Sandbox, listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let sandbox = sandbox.clone();
        let _task = tokio::spawn(async move {
            let service = service_fn(move |request| answer(sandbox.clone(), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A peer that goes away, or an answer withheld on purpose, ends the connection.
            let _ended = connection.await;
        });
    }
}

async fn answer(sandbox: Sandbox, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LONGEST).collect().await.map_err(io::Error::other)?;
    let body = body.to_bytes();
    // Nobody reads an empty body, so hyper sends no `100 Continue`; botocore then mistakes the
    // next answer on the connection for one.
    let unasked = parts.headers.contains_key(EXPECT) && body.is_empty();
    let request = Request::from_parts(parts, body);
    let (outcome, delay) = sandbox.handle_timed(&request);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match outcome {
        Outcome::Response(mut response) => {
            if unasked {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(Full::new))
        }
        Outcome::Dropped => Err(io::ErrorKind::ConnectionReset.into()),
    }
}
