#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slotway_fuzzing::server_sent_event(data));
