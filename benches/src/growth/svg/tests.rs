use super::{Anchor, Svg};

#[test]
fn a_picture_is_whole_and_its_text_cannot_break_it() {
    let mut svg = Svg::new(100.0, 50.0);
    svg.line("axis", (0.0, 1.0), (2.0, 3.0));
    svg.polyline("line", &[(0.0, 1.0), (2.5, 3.25)]);
    svg.dot((1.0, 2.0), "3 < 4");
    svg.text("small", (5.0, 6.0), Anchor::End, "a & b");
    let text = svg.finish("\"cost\" <as it grows>");
    assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    assert!(text.contains("<title>&quot;cost&quot; &lt;as it grows&gt;</title>"));
    assert!(text.contains("points=\"0.0,1.0 2.5,3.2\""));
    assert!(text.contains("3 &lt; 4") && text.contains("a &amp; b"));
    assert!(text.contains("prefers-color-scheme:dark"));
    assert_eq!(text.matches('<').count(), text.matches('>').count());
}
