use super::*;

#[test]
fn equal_cells_are_told_once_and_old_ones_loudly() {
    let mut cells = Cells::default();
    let second = 1_000_000_000;
    let now_ns = 100 * second;
    let mut add = |count: u32, state, at_ns, streams| {
        for _ in 0..count {
            cells.add(state, Taken { at_ns, streams }, now_ns);
        }
    };
    add(2, SlotState::Claimed, now_ns - 1, false);
    add(1, SlotState::Claimed, now_ns - 40 * second, false);
    add(1, SlotState::Claimed, now_ns - 40 * second, true);
    add(1, SlotState::Abandoned, now_ns - 12 * second, false);
    add(1000, SlotState::Free, 0, false);
    cells.flush();
    assert_eq!(cells.text, "2c1C1S1A1000f");
    assert_eq!((cells.slots, cells.in_use, cells.owed, cells.stuck), (1005, 5, 4, 1));
    assert_eq!(cells.owed_for, Some(Duration::from_secs(40)));
}
