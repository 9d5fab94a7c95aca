export function bytes(length) {
  return Uint8Array.from({ length }, (_, at) => (at * 31) % 251);
}
