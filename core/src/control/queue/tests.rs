use super::*;

/// Goal: a queue is two names by the rule of names without dots.
#[test]
fn q01_a_queue_is_two_names() {
    assert_eq!(check_queue("media/images-2_x"), Ok(("media", "images-2_x")));
    let long = "n".repeat(129);
    for (queue, error) in [
        ("media", QueueError::NotTwo),
        ("", QueueError::NotTwo),
        ("a/b/c", QueueError::NotTwo),
        ("/b", QueueError::Empty),
        ("a/", QueueError::Empty),
        ("a.b/c", QueueError::BadCharacter('.')),
        ("a/b c", QueueError::BadCharacter(' ')),
        ("ä/b", QueueError::BadCharacter('ä')),
    ] {
        assert_eq!(check_queue(queue), Err(error), "{queue:?}");
    }
    assert_eq!(check_queue(&std::format!("a/{long}")), Err(QueueError::TooLong(129)));
    assert!(check_queue(&std::format!("a/{}", &long[1..])).is_ok());
}

/// Goal: an activity's type can stand at the end of a path.
#[test]
fn q01_an_activity_is_a_name_that_a_path_can_end_in() {
    for good in ["resize", "image.resize.v2", "...", "a_b-c"] {
        assert_eq!(check_activity(good), Ok(()), "{good:?}");
    }
    for (bad, error) in [
        ("", QueueError::Empty),
        (".", QueueError::Dots),
        ("..", QueueError::Dots),
        ("a/b", QueueError::BadCharacter('/')),
        ("a%2f", QueueError::BadCharacter('%')),
    ] {
        assert_eq!(check_activity(bad), Err(error), "{bad:?}");
    }
}
