/// Goal: the page in `docs` says what the program does.
#[test]
fn the_page_in_docs_is_the_one_that_is_made() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(
        page == super::markdown(),
        "make it anew: cargo run -p slotway-hub -- generate markdown > docs/configuration.md"
    );
}
