//! Ctrl-C and its relatives, as events of the drive loop.

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

pub(crate) use os::Signals;

#[cfg(unix)]
mod os {
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    use super::Signal;

    /// The process's signals from now on: none of them ends it by itself any more.
    pub(crate) struct Signals {
        interrupt: Option<Stream>,
        terminate: Option<Stream>,
        // SIGHUP, the terminal is gone, is heard and not heeded: the run goes on.
        _hangup: Option<Stream>,
    }

    impl Signals {
        /// Listens.
        pub(crate) fn listen() -> Self {
            let on = |kind| signal(kind).ok();
            Self {
                interrupt: on(SignalKind::interrupt()),
                terminate: on(SignalKind::terminate()),
                _hangup: on(SignalKind::hangup()),
            }
        }

        /// The next one.
        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                () = wait(&mut self.interrupt) => Signal::Interrupt,
                () = wait(&mut self.terminate) => Signal::Terminate,
            }
        }
    }

    async fn wait(stream: &mut Option<Stream>) {
        let heard = match stream {
            Some(stream) => stream.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
mod os {
    use super::Signal;

    /// The process's signals from now on.
    pub(crate) struct Signals;

    impl Signals {
        /// Listens.
        pub(crate) fn listen() -> Self {
            Self
        }

        /// The next one.
        pub(crate) async fn next(&mut self) -> Signal {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Signal::Interrupt
        }
    }
}
