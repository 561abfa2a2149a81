use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use bytes::Bytes;
use futures::stream;
use segops_engine::Cancelled;
use tokio::sync::oneshot;

use super::job;
use super::problem::Problem;
use super::read_body::{BodyError, read_body};

/// A body of `chunks`, each after a pause.
fn dripping(chunks: usize, pause: Duration) -> Body {
    Body::from_stream(stream::unfold(0, move |sent| async move {
        if sent == chunks {
            return None;
        }
        tokio::time::sleep(pause).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b"12345678")), sent + 1))
    }))
}

#[tokio::test(start_paused = true)]
async fn bodies_are_bounded_in_size_and_time() {
    let pause = Duration::from_secs(1);
    assert_eq!(read_body(dripping(3, pause), 24).await.unwrap().len(), 24);
    assert_eq!(read_body(dripping(3, pause), 23).await, Err(BodyError::TooLarge));
    assert_eq!(read_body(Body::from(vec![0; 9]), 8).await, Err(BodyError::TooLarge));
    assert_eq!(read_body(Body::empty(), 0).await.unwrap().len(), 0);
    assert_eq!(read_body(dripping(1, Duration::from_secs(16)), 24).await, Err(BodyError::TooSlow));
    assert_eq!(read_body(dripping(1_000, pause), usize::MAX).await, Err(BodyError::TooSlow));
    let broken = stream::iter([Ok(Bytes::from_static(b"a")), Err(std::io::Error::other("gone"))]);
    assert_eq!(read_body(Body::from_stream(broken), 24).await, Err(BodyError::Broken));
}

#[tokio::test]
async fn work_ends_when_the_client_goes_away() {
    for accept in ["application/json", job::LINES] {
        let mut headers = HeaderMap::new();
        headers.insert("accept", accept.parse().unwrap());
        let (started, is_started) = oneshot::channel();
        let (ended, is_ended) = oneshot::channel();
        let answer = job::answer(&headers, move |progress| {
            // Who asked for lines has its answer already, and does not listen for this.
            let _unheard = started.send(());
            while progress.work.reach(1).is_ok() {
                std::thread::yield_now();
            }
            ended.send(()).unwrap();
            Err::<(), _>(Problem::internal(&Cancelled))
        });
        let mut answer = Box::pin(answer);
        tokio::select! {
            // A stream of lines is answered at once: there the body is what the client drops.
            response = &mut answer => drop(response),
            started = is_started => started.unwrap(),
        }
        drop(answer);
        is_ended.await.unwrap();
    }
}
