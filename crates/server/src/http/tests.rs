use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use bytes::Bytes;
use futures::{StreamExt, stream};
use segops_engine::{Busy, Cancelled, EngineError, Refusal};
use segops_model::SegmentId;
use segops_parts::PartsError;
use tokio::sync::{Semaphore, oneshot};

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

/// Clients that are cut off while they send never see the answer.
#[tokio::test]
async fn the_rest_of_a_body_past_the_limit_is_dropped_within_reason() {
    let chunk = Bytes::from(vec![0; 1 << 20]);
    let check = async |chunks: usize, expected_left: usize| {
        let left = Arc::new(AtomicUsize::new(chunks));
        let (counted, chunk) = (left.clone(), chunk.clone());
        let body = Body::from_stream(stream::iter(0..chunks).map(move |_| {
            counted.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(chunk.clone())
        }));
        assert_eq!(read_body(body, 5 << 20).await, Err(BodyError::TooLarge));
        assert_eq!(left.load(Ordering::Relaxed), expected_left);
    };
    check(6, 0).await;
    check(38, 0).await;
    check(100, 62).await;
}

#[tokio::test]
async fn work_ends_when_the_client_goes_away() {
    let jobs = Arc::new(Semaphore::new(1));
    for accept in ["application/json", job::LINES] {
        let mut headers = HeaderMap::new();
        headers.insert("accept", accept.parse().unwrap());
        let (started, is_started) = oneshot::channel();
        let (ended, is_ended) = oneshot::channel();
        let answer = job::answer(&jobs, &headers, move |progress| {
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
        // Its room is free again for the next.
        drop(jobs.acquire().await.unwrap());
    }
}

#[test]
fn every_error_of_the_engine_has_its_status() {
    let status = |error: EngineError| Problem::from(error).status().as_u16();
    for (error, expected) in [
        (EngineError::NotFound("x".to_owned()), 404),
        (EngineError::Rule(Vec::new()), 422),
        (EngineError::Damaged("x".to_owned()), 500),
        (EngineError::Cancelled(Cancelled), 503),
        (EngineError::Busy(Busy::QueueFull), 429),
        (EngineError::Busy(Busy::Stopping), 503),
        (EngineError::Busy(Busy::Failed("x".to_owned())), 503),
        (EngineError::Busy(Busy::History("x".to_owned())), 503),
        (EngineError::Parts(PartsError::Conflict(7)), 503),
        (EngineError::Parts(PartsError::CalledOff), 500),
        (EngineError::Refused(Refusal::NoSegment("x".to_owned())), 404),
        (EngineError::Refused(Refusal::NameTaken("x".to_owned(), SegmentId(1))), 409),
        (EngineError::Refused(Refusal::VersionMoved { expected: 1, found: 2 }), 409),
        (EngineError::Refused(Refusal::InUse("x".to_owned())), 409),
        (EngineError::Refused(Refusal::BadName), 422),
        (EngineError::Refused(Refusal::BadSettings("x".to_owned())), 422),
    ] {
        let text = error.to_string();
        assert_eq!(status(error), expected, "{text}");
    }
}
