use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn an_address_has_as_many_as_it_may_and_others_have_their_own() {
    let limit = Arc::new(ClientLimit::new());
    let enter = |text| limit.enter(ip(text), 2);
    let first = enter("192.0.2.1").unwrap();
    let _second = enter("::ffff:192.0.2.1").unwrap();
    assert!(enter("192.0.2.1").is_none());
    assert!(enter("192.0.2.2").is_some());
    drop(first);
    assert!(enter("192.0.2.1").is_some());
}

#[test]
fn one_network_of_64_bits_is_one_client() {
    let limit = Arc::new(ClientLimit::new());
    let _pass = limit.enter(ip("2001:db8:1:2:3::1"), 1).unwrap();
    assert!(limit.enter(ip("2001:db8:1:2:4::9"), 1).is_none());
    assert!(limit.enter(ip("2001:db8:1:3::1"), 1).is_some());
}

#[test]
fn nothing_is_left_of_who_has_nothing_in_flight() {
    let limit = Arc::new(ClientLimit::new());
    let passes: Vec<_> = (0..1000_u32)
        .map(|number| limit.enter(IpAddr::from(number.to_be_bytes()), 1).unwrap())
        .collect();
    let entries = || limit.shards.iter().map(|shard| shard.lock().unwrap().len()).sum::<usize>();
    assert_eq!(entries(), 1000);
    drop(passes);
    assert_eq!(entries(), 0);
}
