//! An end without TLS's farewell is an end. Many servers just close; what was announced with a
//! length is still known to be cut, and what was not is no worse off than without TLS.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose unexpected end is its end.
pub(super) struct Lenient<S>(pub(super) S);

impl<S: AsyncRead + Unpin> AsyncRead for Lenient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Error>> {
        match Pin::new(&mut self.0).poll_read(context, buffer) {
            Poll::Ready(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                Poll::Ready(Ok(()))
            }
            other => other,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lenient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// Says one thing and then ends with this error.
    struct Ends(Option<&'static [u8]>, ErrorKind);

    impl AsyncRead for Ends {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<Result<(), Error>> {
            match self.0.take() {
                Some(bytes) => {
                    buffer.put_slice(bytes);
                    Poll::Ready(Ok(()))
                }
                None => Poll::Ready(Err(self.1.into())),
            }
        }
    }

    #[tokio::test]
    async fn only_an_end_is_forgiven() {
        let mut read = Vec::new();
        let mut stream = Lenient(Ends(Some(b"all"), ErrorKind::UnexpectedEof));
        stream.read_to_end(&mut read).await.expect("an end");
        assert_eq!(read, b"all");
        let mut stream = Lenient(Ends(Some(b"all"), ErrorKind::ConnectionReset));
        stream.read_to_end(&mut read).await.expect_err("a reset");
    }
}
