// A screen of a terminal as SVG: what `tmux capture-pane -e` gives, each run of one look at
// its own column, so that columns stand below each other in any monospaced font.

const CELL = { width: 8.4, height: 18 };
const PADDING = { x: 18, top: 44, bottom: 16 };
const COLOURS = {
  back: "#11161d", frame: "#2b333d", selected: "#2f3944", text: "#d5dce4", title: "#8b97a5",
  30: "#11161d", 31: "#ff7b72", 32: "#56d364", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#56d4dd", 37: "#d5dce4",
  90: "#7d8896", 91: "#ffa198", 92: "#7ee787", 93: "#f2cc60", 94: "#a5d6ff", 95: "#e2c5ff", 96: "#b3f0ff", 97: "#ffffff",
};
const BLOCKS = "▁▂▃▄▅▆▇█";

/** The look that a sequence of SGR codes leaves behind. */
function look(before, codes) {
  let now = { ...before };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 0) now = {};
    else if (code === 48 && codes[at + 1] === 5) {
      // The only one there is: the selected row's.
      now.back = true;
      at += 2;
    } else if (code === 49) now.back = false;
    else if (code === 1) now.bold = true;
    else if (code === 22) now.bold = false;
    else if (code === 7) now.reverse = true;
    else if (code === 27) now.reverse = false;
    else if (code === 39) delete now.colour;
    else if (code === 38 && codes[at + 1] === 5) {
      const index = codes[at + 2];
      now.colour = index < 8 ? 30 + index : index < 16 ? 82 + index : 37;
      at += 2;
    } else if (COLOURS[code]) now.colour = code;
  }
  return now;
}

/** The runs of a line: column, text, look. */
function runs(line, before) {
  const found = [];
  let now = before, column = 0;
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const codes = part.match(/^\x1b\[([0-9;]*)m$/);
    if (codes) now = look(now, codes[1].split(";").map(Number));
    else if (part) {
      found.push({ column, text: part, ...now });
      column += [...part].length;
    }
  }
  return [found, now];
}

const escaped = text => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const n = value => String(Math.round(value * 100) / 100);

/** The picture of a screen so many columns wide, under a title. */
export function svg(screen, columns, title) {
  const lines = screen.trimEnd().split("\n");
  const width = columns * CELL.width + 2 * PADDING.x;
  const height = lines.length * CELL.height + PADDING.top + PADDING.bottom;
  const shapes = [];
  let now = {};
  lines.forEach((line, row) => {
    const top = PADDING.top + row * CELL.height;
    let found;
    [found, now] = runs(line, now);
    for (const run of found) {
      const x = PADDING.x + run.column * CELL.width;
      const taken = [...run.text].length * CELL.width;
      let fill = COLOURS[run.colour] ?? COLOURS.text;
      if (run.back) shapes.push(`<rect x="${n(x)}" y="${n(top)}" width="${n(taken)}" height="${CELL.height}" fill="${COLOURS.selected}"/>`);
      if (run.reverse) {
        shapes.push(`<rect x="${n(x)}" y="${n(top)}" width="${n(taken)}" height="${CELL.height}" fill="${fill}"/>`);
        fill = COLOURS.back;
      }
      // Blocks are drawn, because fonts leave gaps between them.
      for (const [at, letter] of [...run.text].entries()) {
        const eighths = BLOCKS.indexOf(letter) + 1;
        if (eighths === 0) continue;
        const tall = (CELL.height * eighths) / 8;
        shapes.push(`<rect x="${n(x + at * CELL.width)}" y="${n(top + CELL.height - tall)}" width="${n(CELL.width + 0.2)}" height="${n(tall)}" fill="${fill}"/>`);
      }
      // Words between wide gaps stand at their own columns.
      for (const word of run.text.replace(/[▁-█]/g, " ").matchAll(/\S+(?: \S+)*/g)) {
        const from = x + [...run.text.slice(0, word.index)].length * CELL.width;
        const long = [...word[0]].length * CELL.width;
        const bold = run.bold ? ` font-weight="bold"` : "";
        shapes.push(`<text x="${n(from)}" y="${n(top + 13.5)}" textLength="${n(long)}" lengthAdjust="spacingAndGlyphs" fill="${fill}"${bold} xml:space="preserve">${escaped(word[0])}</text>`);
      }
    }
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${n(width)} ${n(height)}" width="${n(width)}" height="${n(height)}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" shape-rendering="crispEdges">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${n(width - 1)}" height="${n(height - 1)}" rx="9" fill="${COLOURS.back}" stroke="${COLOURS.frame}" shape-rendering="auto"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map((colour, at) => `<circle cx="${20 + 18 * at}" cy="20" r="5.5" fill="${colour}" shape-rendering="auto"/>`),
    `<text x="${n(width / 2)}" y="24.5" text-anchor="middle" fill="${COLOURS.title}">${escaped(title)}</text>`,
    ...shapes,
    "</svg>",
    "",
  ].join("\n");
}
