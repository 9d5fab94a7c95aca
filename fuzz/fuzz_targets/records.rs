#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slotway_fuzzing::records(data));
