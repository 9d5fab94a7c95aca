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
        ("/b", QueueError::Name(NameError::Empty)),
        ("a/", QueueError::Name(NameError::Empty)),
        ("a.b/c", QueueError::Name(NameError::Dot)),
        ("a/b c", QueueError::Name(NameError::BadCharacter(' '))),
        ("ä/b", QueueError::Name(NameError::BadCharacter('ä'))),
    ] {
        assert_eq!(check_queue(queue), Err(error), "{queue:?}");
    }
    assert_eq!(
        check_queue(&std::format!("a/{long}")),
        Err(QueueError::Name(NameError::TooLong(129)))
    );
    assert!(check_queue(&std::format!("a/{}", &long[1..])).is_ok());
}

/// Goal: an activity's type can stand at the end of a path.
#[test]
fn q01_an_activity_is_a_name_that_a_path_can_end_in() {
    for good in ["resize", "image.resize.v2", "...", "a_b-c"] {
        assert_eq!(check_activity(good), Ok(()), "{good:?}");
    }
    for (bad, error) in [
        ("", QueueError::Name(NameError::Empty)),
        (".", QueueError::Step),
        ("..", QueueError::Step),
        ("a/b", QueueError::Name(NameError::BadCharacter('/'))),
        ("a%2f", QueueError::Name(NameError::BadCharacter('%'))),
    ] {
        assert_eq!(check_activity(bad), Err(error), "{bad:?}");
    }
}
