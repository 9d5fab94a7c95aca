use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

/// Goal: a write that moves, however slowly, goes on; one that stands still ends.
#[tokio::test(start_paused = true)]
async fn only_a_write_that_stands_still_ends() {
    let (near, mut far) = duplex(8);
    let mut near = StallLimit::new(near, Duration::from_secs(10));
    let slow_reader = tokio::spawn(async move {
        let mut byte = [0; 8];
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(9)).await;
            far.read_exact(&mut byte).await.unwrap();
        }
        far
    });
    near.write_all(&[1; 40]).await.unwrap();
    let _far = slow_reader.await.unwrap();
    let error = near.write_all(&[1; 9]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}
