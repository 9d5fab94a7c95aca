use super::{Entry, tables};

#[test]
fn figures_become_one_table_for_each_part() {
    let text = r#"[
        {"name": "http.hello.c32.vs_axum", "value": 131000.0, "unit": "req/s",
         "reference": "plain axum", "reference_value": 142000.0, "ratio": 0.9225,
         "rounds": 5, "spread": 0.031, "cpu_us": 8.4, "reference_cpu_us": 6.9},
        {"name": "growth.idle_worker.kib", "value": 41.26, "unit": "KiB", "reference": "",
         "reference_value": null, "ratio": null, "rounds": 1, "spread": 0.0,
         "cpu_us": null, "reference_cpu_us": null}
    ]"#;
    let entries: Vec<Entry> = serde_json::from_str(text).unwrap();
    let markdown = tables(entries);
    assert!(markdown.starts_with("### growth\n"));
    assert!(markdown.contains("### http\n"));
    let row = "| `http.hello.c32.vs_axum` | 131.0 k/s | 8.40 | plain axum | 142.0 k/s | 6.90 | 0.92 | 3 % | 5 |";
    assert!(markdown.contains(row), "{markdown}");
    assert!(markdown.contains("| `growth.idle_worker.kib` | 41.3 KiB |  |  |  |  |  | 0 % | 1 |"));
}
