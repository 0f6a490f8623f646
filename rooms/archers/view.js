/**
 * The view of archers: one canvas that shows scenes and turns clicks into commands.
 *
 * It never changes the game. Between two scenes everything glides from where it is seen to
 * where it is, so that 60 frames a second are drawn whatever the length of a turn; an order
 * is marked at once, before the turn that carries it. Nothing is allocated per archer and frame.
 * Chance and fractions are fine in here: what a view sends is input.
 */

// Seat colours of Okabe and Ito, which colour-blind people can tell apart, and a mark for each.
const COLOURS = ["#0072b2", "#d55e00", "#f0e442", "#cc79a7", "#009e73", "#56b4e9", "#e69f00", "#2e3338"];
const INKS = ["#fff", "#fff", "#2a2410", "#2a1420", "#fff", "#0d2333", "#2e2003", "#fff"];
const MARK_NAMES = ["disc", "square", "triangle", "diamond", "cross", "ring", "bars", "star"];

const [WOOD, FORD, WATER, ROCK] = [1, 2, 3, 4]; // of the terrain; 0 is meadow
const NIGHT_FALLS_MS = 2600;
const MARKER_MS = 1100;
const FALLEN_MS = 14000;
const FALLEN_MAX = 512;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2126; --soft: #56616b; --panel: rgb(251 252 253 / .9); --line: #c9d0d6; --accent: #0a5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecef; --soft: #9aa6b0; --panel: rgb(20 24 28 / .86); --line: #3a444d; --accent: #6db8f5; } }
.archers { position: relative; width: 100%; height: 100%; min-height: 240px; overflow: hidden; background: #4b5a54;
  color: var(--ink); font: 13px/16px system-ui, sans-serif; font-variant-numeric: tabular-nums; user-select: none;
  -webkit-user-select: none; }
.archers canvas { display: block; }
.archers .field { position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; cursor: crosshair; outline: none; }
.archers .field:focus-visible { box-shadow: inset 0 0 0 3px var(--accent); }
.archers .top { position: absolute; top: 8px; left: 8px; right: 8px; display: flex; align-items: flex-start; gap: 8px;
  justify-content: space-between; pointer-events: none; }
.archers .panel { background: var(--panel); border-radius: 8px; box-shadow: 0 1px 3px rgb(0 0 0 / .25); }
.archers ul { list-style: none; margin: 0; padding: 4px 8px; display: flex; flex-wrap: wrap; column-gap: 12px; }
.archers li { display: flex; align-items: center; gap: 4px; height: 24px; white-space: nowrap; }
.archers li svg { width: 18px; height: 18px; flex: none; }
.archers li b { font-weight: 600; min-width: 3ch; text-align: right; }
.archers li.gone { color: var(--soft); text-decoration: line-through; }
.archers li.own span::after { content: " (you)"; color: var(--soft); }
.archers .sky { display: flex; align-items: center; gap: 4px; padding: 0 8px; height: 32px; }
.archers .sky svg { width: 18px; height: 18px; }
.archers .news { position: absolute; left: 16px; right: 16px; top: 48px; width: fit-content; max-width: 560px; padding: 8px 16px;
  margin: 0 auto; box-sizing: border-box; text-align: center; font-size: 16px; line-height: 24px; opacity: 0;
  transition: opacity .4s; pointer-events: none; }
.archers .news.shown { opacity: 1; }
.archers .bar { position: absolute; left: 8px; bottom: 8px; display: flex; gap: 4px; align-items: flex-end; }
.archers .bar button { min-width: 44px; height: 44px; padding: 0 8px; border: 0; border-radius: 8px; font: inherit; font-size: 13px;
  color: var(--ink); background: var(--panel); box-shadow: 0 1px 3px rgb(0 0 0 / .25); cursor: pointer; }
.archers .bar button:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
.archers .bar button[aria-pressed=true], .archers .bar button[aria-expanded=true] { background: var(--accent); color: #fff; }
@media (prefers-color-scheme: dark) { .archers .bar button[aria-pressed=true], .archers .bar button[aria-expanded=true] { color: #0d1418; } }
.archers .map { position: absolute; right: 8px; bottom: 8px; padding: 4px; line-height: 0; }
.archers .map canvas { width: 128px; height: 128px; border-radius: 4px; touch-action: none; cursor: pointer; }
.archers .help { position: absolute; left: 8px; bottom: 60px; padding: 8px 16px; max-width: min(360px, calc(100% - 48px)); }
.archers .help dl { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 4px 16px; line-height: 20px; }
.archers .help dt { font-weight: 600; } .archers .help dd { margin: 0; color: var(--soft); }
.archers .help[hidden] { display: none; }
.archers.narrow li span { max-width: 7ch; overflow: hidden; text-overflow: ellipsis; }
.archers.narrow li.own span::after { content: ""; }
.archers.narrow li.own { font-weight: 600; }
.archers.narrow .many li span { display: none; }
.archers.narrow .map { bottom: 60px; }
.archers.narrow .map canvas { width: 96px; height: 96px; }
.archers .map.needless { visibility: hidden; }
@media (prefers-reduced-motion: reduce) { .archers .news { transition: none; } }
`;

const SUN = '<svg viewBox="0 0 18 18" aria-hidden="true"><circle cx="9" cy="9" r="3.6" fill="#e69f00"/><g stroke="#e69f00" stroke-width="1.6" stroke-linecap="round"><path d="M9 1.5v2M9 14.5v2M1.5 9h2M14.5 9h2M3.7 3.7l1.4 1.4M12.9 12.9l1.4 1.4M3.7 14.3l1.4-1.4M12.9 5.1l1.4-1.4"/></g></svg>';
const MOON = '<svg viewBox="0 0 18 18" aria-hidden="true"><path d="M13.8 11.3A6 6 0 0 1 6.7 4.2a6 6 0 1 0 7.1 7.1z" fill="#8fa3d9"/></svg>';

/** The outline of a seat's mark around (0, 0), about as large as a circle of radius r. */
function markPath(c, seat, r) {
  c.beginPath();
  switch (seat % 8) {
    case 0: c.arc(0, 0, r * 0.85, 0, 7); break;
    case 1: c.rect(-r * 0.8, -r * 0.8, r * 1.6, r * 1.6); break;
    case 2: polygon(c, 3, r * 1.15, 1, 0.15 * r); break;
    case 3: polygon(c, 4, r * 1.1, 1, 0); break;
    case 4: cross(c, r); break;
    case 5: c.arc(0, 0, r, 0, 7); c.arc(0, 0, r * 0.5, 0, 7, true); break;
    case 6: c.rect(-r * 0.85, -r * 0.9, r * 0.6, r * 1.8); c.rect(r * 0.25, -r * 0.9, r * 0.6, r * 1.8); break;
    default: polygon(c, 10, r * 1.2, 0.45, 0);
  }
}

function polygon(c, corners, r, inner, down) {
  for (let n = 0; n < corners; n += 1) {
    const angle = (n * 2 * Math.PI) / corners - Math.PI / 2;
    const far = n % 2 === 1 && inner < 1 ? r * inner : r;
    c.lineTo(Math.cos(angle) * far, Math.sin(angle) * far + down);
  }
  c.closePath();
}

function cross(c, r) {
  const w = r * 0.34;
  c.rect(-w, -r, 2 * w, 2 * r);
  c.rect(-r, -w, r - w, 2 * w);
  c.rect(w, -w, r - w, 2 * w);
}

function badge(seat) {
  const path = [
    '<circle cx="9" cy="9" r="3.6"/>', '<rect x="5.7" y="5.7" width="6.6" height="6.6"/>',
    '<path d="M9 4.5 13.2 12.2H4.8z"/>', '<path d="M9 4.2 13.8 9 9 13.8 4.2 9z"/>',
    '<path d="M7.6 4.6h2.8v3h3v2.8h-3v3H7.6v-3h-3V7.6h3z"/>',
    '<path fill-rule="evenodd" d="M9 4.7a4.3 4.3 0 1 1 0 8.6 4.3 4.3 0 0 1 0-8.6zm0 2.2a2.1 2.1 0 1 0 0 4.2 2.1 2.1 0 0 0 0-4.2z"/>',
    '<path d="M5.4 5.2h2.6v7.6H5.4zM10 5.2h2.6v7.6H10z"/>',
    '<path d="M9 3.8l1.5 3.4 3.7.4-2.8 2.5.8 3.6L9 11.8l-3.2 1.9.8-3.6L3.8 7.6l3.7-.4z"/>',
  ][seat % 8];
  return `<svg viewBox="0 0 18 18" aria-hidden="true"><rect width="18" height="18" rx="4" fill="${COLOURS[seat % 8]}"/>` +
    `<g fill="${INKS[seat % 8]}">${path}</g></svg>`;
}

const shade = (colour, by) => { // towards black (by < 0) or white
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const to = by < 0 ? 0 : 255;
  return `rgb(${[r, g, b].map((n) => Math.round(n + (to - n) * Math.abs(by))).join(" ")})`;
};

const canvas = (width, height) => {
  const made = document.createElement("canvas");
  made.width = width;
  made.height = height;
  return made;
};

// ---- the ground, painted once ---------------------------------------------------------

const GROUND = 1024; // pixels of the coloured ground, each way; sharper things are drawn above
const SKETCH = 128; // pixels of what is seen of it until then

/** A cheap noise of 64 x 64 values that repeats: the same for everyone, though nothing hangs on it. */
const NOISE = (() => {
  const table = new Float32Array(64 * 64);
  let word = 7;
  for (let n = 0; n < table.length; n += 1) {
    word = (Math.imul(word, 1664525) + 1013904223) | 0;
    table[n] = ((word >>> 8) & 0xffff) / 0xffff;
  }
  return table;
})();

function noise(x, y) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const right = x - left;
  const low = y - top;
  const row = (top & 63) << 6;
  const next = ((top + 1) & 63) << 6;
  const a = left & 63;
  const b = (left + 1) & 63;
  const above = NOISE[row + a] * (1 - right) + NOISE[row + b] * right;
  const below = NOISE[next + a] * (1 - right) + NOISE[next + b] * right;
  return above * (1 - low) + below * low;
}

/** A soft step up around `edge`, as wide as `blur`. */
const over = (value, edge, blur) => Math.min(Math.max((value - edge) / blur + 0.5, 0), 1);

/**
 * The ground of the whole field as one picture. A sketch of it is there at once. The picture is
 * made in slices of some milliseconds, so that nothing else of the page has to wait: `ready` is
 * called when it is done.
 */
function paintGround(terrain, side, ready) {
  const whole = canvas(GROUND * 2, GROUND * 2);
  const c = whole.getContext("2d");
  c.imageSmoothingQuality = "high";
  const image = new ImageData(GROUND, GROUND);
  const sketch = new ImageData(SKETCH, SKETCH);
  const lay = (painted) => {
    const coloured = canvas(painted.width, painted.width);
    coloured.getContext("2d").putImageData(painted, 0, 0);
    c.drawImage(coloured, 0, 0, whole.width, whole.height);
    growTrees(c, terrain, side);
  };
  for (let n = 0; n < SKETCH; n += 1) paintGroundRow(sketch, n, terrain, side);
  lay(sketch);
  let row = 0;
  const slice = () => {
    const until = performance.now() + 7;
    while (row < GROUND && performance.now() < until) {
      paintGroundRow(image, row, terrain, side);
      row += 1;
    }
    if (row < GROUND) {
      setTimeout(slice);
      return;
    }
    lay(image);
    ready();
  };
  setTimeout(slice);
  return whole;
}

/** One row of an image of the ground, which may have fewer pixels than all. */
function paintGroundRow({ data, width }, line, terrain, side) {
  const step = GROUND / width;
  const py = (line + 0.5) * step - 0.5;
  const per = GROUND / side;
  const share = [0, 0, 0, 0, 0]; // of each kind of ground at this pixel, between four cells
  const kindAt = (col, row) =>
    terrain[Math.min(Math.max(row, 0), side - 1) * side + Math.min(Math.max(col, 0), side - 1)];
  let r = 0;
  let g = 0;
  let b = 0;
  const mix = (toR, toG, toB, by) => {
    r += (toR - r) * by;
    g += (toG - g) * by;
    b += (toB - b) * by;
  };
  for (let column = 0; column < width; column += 1) {
    const px = (column + 0.5) * step - 0.5;
    // The borders of the square cells are bent, by less than a cell.
    const u = (px + 0.5) / per - 0.5 + (noise(px / 17, py / 17 + 31) - 0.5) * 1.3;
    const v = (py + 0.5) / per - 0.5 + (noise(px / 17 + 47, py / 17) - 0.5) * 1.3;
    const col = Math.floor(u);
    const row = Math.floor(v);
    const fx = u - col;
    const fy = v - row;
    share[0] = share[1] = share[2] = share[3] = share[4] = 0;
    share[kindAt(col, row)] += (1 - fx) * (1 - fy);
    share[kindAt(col + 1, row)] += fx * (1 - fy);
    share[kindAt(col, row + 1)] += (1 - fx) * fy;
    share[kindAt(col + 1, row + 1)] += fx * fy;
    const wave = noise(px / 9, py / 9) * 0.6 + noise(px / 3.3, py / 3.3) * 0.4 - 0.5;
    const broad = noise(px / 70, py / 70);
    r = 196 + broad * 16 + wave * 7;
    g = 200 + broad * 9 + wave * 7;
    b = 158 + broad * 8 + wave * 6;
    if (share[WOOD] > 0.05) mix(146, 163, 112, over(share[WOOD] + wave * 0.3, 0.45, 0.35) * 0.85);
    const wet = share[WATER] + share[FORD];
    if (wet > 0.02) {
      const shore = wet + wave * 0.16;
      mix(221, 211, 172, over(shore, 0.3, 0.16)); // sand
      mix(170, 200, 203, over(shore, 0.46, 0.05)); // shallow
      const deep = share[WATER] + wave * 0.1;
      mix(124, 168, 187, over(deep, 0.66, 0.3));
      mix(108, 153, 177, over(deep, 0.98, 0.2) * 0.9);
    }
    if (share[ROCK] > 0.05) {
      const height = share[ROCK] + wave * 0.35;
      mix(142, 138, 128, over(height, 0.36, 0.06));
      mix(172, 167, 156, over(height, 0.52, 0.06));
      mix(190, 186, 176, over(height, 0.9, 0.06));
    }
    const at = (line * width + column) * 4;
    data[at] = r;
    data[at + 1] = g;
    data[at + 2] = b;
    data[at + 3] = 255;
  }
}

/** Round flat trees, from the back to the front, a few to each cell of wood. */
function growTrees(c, terrain, side) {
  const cell = (GROUND * 2) / side;
  const trees = [];
  let word = 99;
  const chance = () => {
    word = (Math.imul(word, 1664525) + 1013904223) | 0;
    return (word >>> 8) / 0x1000000;
  };
  for (let n = 0; n < side * side; n += 1) {
    const [col, row] = [n % side, Math.floor(n / side)];
    for (let k = 0; k < 4 && terrain[n] === WOOD; k += 1) {
      const place = (at, turn) => (at + (turn + chance()) / 2 + (chance() - 0.5) * 0.5) * cell;
      trees.push({ x: place(col, k & 1), y: place(row, k >> 1), r: 6 + chance() * 5, tone: chance() });
    }
  }
  trees.sort((a, b) => a.y - b.y);
  const disc = (x, y, r, colour) => {
    c.fillStyle = colour;
    c.beginPath();
    c.arc(x, y, r, 0, 7);
    c.fill();
  };
  for (const { x, y, r } of trees) disc(x + r * 0.35, y + r * 0.4, r, "rgb(52 66 44 / .28)");
  for (const { x, y, r, tone } of trees) {
    disc(x, y, r, tone < 0.5 ? "#6f8a58" : "#7b9460");
    disc(x - r * 0.22, y - r * 0.26, r * 0.66, tone < 0.5 ? "#819b66" : "#8ca56f");
  }
}

// ---- the figures ------------------------------------------------------------------------

const BOX_WIDE = 36; // of a figure's picture, in its own units; it stands at (18, 42)
const BOX_HIGH = 46;
const FOOT_X = 18;
const FOOT_Y = 42;
const POSES = { stand: 0, walkA: 1, walkB: 2, draw: 3, fallen: 4 };
const PER_SIDE = 5;
const BANNER = 10;
const TILES = 11;

function paintFigure(c, seat, pose) {
  const colour = COLOURS[seat % 8];
  const dark = shade(colour, seat % 8 === 7 ? -0.5 : -0.55);
  const line = (...points) => {
    c.beginPath();
    for (let n = 0; n < points.length; n += 2) c.lineTo(points[n], points[n + 1]);
    c.stroke();
  };
  c.lineCap = c.lineJoin = "round";
  if (pose !== POSES.fallen) {
    c.fillStyle = "rgb(24 30 24 / .28)";
    c.beginPath();
    c.ellipse(1, 0, 7.5, 2.8, 0, 0, 7);
    c.fill();
  } else {
    c.translate(12, -4);
    c.rotate(-1.45);
  }
  c.strokeStyle = "#33302c";
  c.lineWidth = 2.6;
  const legs = {
    [POSES.walkA]: [-1, -7, -4.2, -1.4, 1, -7, 3.8, -0.6],
    [POSES.walkB]: [-0.6, -7, -0.4, -0.6, 0.8, -7, 2.2, -2],
  }[pose] ?? [-1.7, -7, -2.3, -0.7, 1.7, -7, 2.3, -0.7];
  line(...legs.slice(0, 4));
  line(...legs.slice(4));
  c.lineWidth = 3; // the quiver on the back
  c.strokeStyle = "#6b4a2b";
  line(-4.6, -15.5, -3, -9.5);
  c.lineWidth = 1;
  c.strokeStyle = "#efe6d2";
  line(-5.4, -18, -4.8, -16);
  line(-4.2, -18.2, -4, -16.2);
  c.fillStyle = colour; // the tunic
  c.strokeStyle = dark;
  c.lineWidth = 1.3;
  c.beginPath();
  c.moveTo(-3.6, -16);
  c.quadraticCurveTo(0, -18, 3.6, -16);
  c.lineTo(5, -6.2);
  c.quadraticCurveTo(0, -4.4, -5, -6.2);
  c.closePath();
  c.fill();
  c.stroke();
  c.save();
  c.translate(0, -11);
  c.fillStyle = INKS[seat % 8];
  markPath(c, seat, 2.5);
  c.fill();
  c.restore();
  c.fillStyle = "#ecc7a0"; // the face, the hood behind it
  c.beginPath();
  c.arc(0.8, -19.4, 3.2, 0, 7);
  c.fill();
  c.fillStyle = shade(colour, seat % 8 === 7 ? 0.18 : -0.22);
  c.beginPath();
  c.moveTo(2.6, -21.6);
  c.quadraticCurveTo(0.4, -25.4, -3.4, -21.8);
  c.quadraticCurveTo(-4.6, -17.6, -3, -15.8);
  c.lineTo(0.2, -16.2);
  c.quadraticCurveTo(-1.4, -19.6, 2.6, -21.6);
  c.fill();
  c.stroke();
  c.strokeStyle = "#5a3a1c"; // the bow, then the arm that holds it
  c.lineWidth = 1.5;
  const bow = (x, top, low, bend) => {
    c.beginPath();
    c.moveTo(x, top);
    c.quadraticCurveTo(x + bend, (top + low) / 2, x, low);
    c.stroke();
  };
  if (pose === POSES.draw) {
    bow(7.4, -22.4, -7.6, 8);
    c.lineWidth = 0.6;
    c.strokeStyle = "#f5f0e4";
    line(7.4, -22.4, 1.4, -15, 7.4, -7.6);
    c.lineWidth = 0.9;
    line(1.4, -15, 12.6, -15);
    c.strokeStyle = dark;
    c.lineWidth = 2.2;
    line(2.6, -14.8, 10, -14.6);
  } else {
    bow(6, -17.6, -3.6, 6.4);
    c.lineWidth = 0.6;
    c.strokeStyle = "#f5f0e4";
    line(6, -17.6, 6, -3.6);
    c.strokeStyle = dark;
    c.lineWidth = 2.2;
    line(2.8, -14.4, 7.6, -10.4);
  }
}

function paintBanner(c, seat) {
  c.lineCap = c.lineJoin = "round";
  c.strokeStyle = "#4a3420";
  c.lineWidth = 1.6;
  c.beginPath();
  c.moveTo(-6, -4);
  c.lineTo(-6, -40);
  c.stroke();
  c.fillStyle = COLOURS[seat % 8];
  c.strokeStyle = shade(COLOURS[seat % 8], -0.55);
  c.lineWidth = 1.1;
  c.beginPath();
  c.moveTo(-6, -40);
  c.lineTo(12, -39);
  c.lineTo(8.6, -33.6);
  c.lineTo(12, -28);
  c.lineTo(-6, -28);
  c.closePath();
  c.fill();
  c.stroke();
  c.translate(0.8, -34);
  c.fillStyle = INKS[seat % 8];
  markPath(c, seat, 3.8);
  c.fill();
}

/** All figures of these seats at one size: a row for each, both ways round, then the banner. */
function paintAtlas(seats, scale) {
  const [wide, high] = [Math.ceil(BOX_WIDE * scale), Math.ceil(BOX_HIGH * scale)];
  const sheet = canvas(wide * TILES, high * seats.length);
  const c = sheet.getContext("2d");
  seats.forEach((seat, row) => {
    for (let tile = 0; tile < TILES; tile += 1) {
      c.save();
      c.translate(tile * wide, row * high);
      c.scale(wide / BOX_WIDE, high / BOX_HIGH);
      c.translate(FOOT_X, FOOT_Y);
      if (tile === BANNER) paintBanner(c, seat);
      else {
        if (tile >= PER_SIDE) c.scale(-1, 1);
        paintFigure(c, seat, tile % PER_SIDE);
      }
      c.restore();
    }
  });
  return { sheet, wide, high, scale };
}

// ---- the view ---------------------------------------------------------------------------

export default (root, game) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const plays = game.seat !== null;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  root.innerHTML = `<div class="archers">
    <canvas class="field" tabindex="0" role="application"></canvas>
    <div class="top"><ul class="panel tally" aria-label="archers left"></ul><div class="panel sky"></div></div>
    <p class="panel news" role="status"></p>
    <div class="panel help" id="help" hidden></div>
    <div class="bar" role="toolbar" aria-label="orders and view"></div>
    <div class="panel map"><canvas aria-label="the whole field; click to look there"></canvas></div>
  </div>`;
  const part = (name) => root.querySelector(`.${name}`);
  const frame = part("archers");
  const field = part("field");
  const c = field.getContext("2d", { alpha: false });
  const mini = part("map").firstChild;
  const m = mini.getContext("2d");
  field.setAttribute("aria-label", plays
    ? "the field. A selects all your archers, H halts them, arrows move the view, plus and minus zoom"
    : "the field. Arrows move the view, plus and minus zoom");

  let scene = null;
  let count = 0;
  let size = 2048; // paces
  let points = 16;
  let own = -1; // this seat's army
  let ground = null;
  let dirty = true; // something that does not glide has changed
  let busy = false; // something moves in this turn
  let closed = false;

  // Where archers are seen: they glide from `from` to `to`, in paces.
  let fromX = new Float32Array(0);
  let fromY = fromX;
  let toX = fromX;
  let toY = fromX;
  let seenX = fromX;
  let seenY = fromX;
  let order = new Uint16Array(0); // from the back of the field to the front
  let facesLeft = new Uint8Array(0);
  let picked = facesLeft; // 1: selected
  let shotAt = fromX; // iteration of the last shot
  let hurtAt = new Float64Array(0); // when, ms
  let since = 0; // ms, start of the glide
  let glide = 100; // ms
  let shownAt = 0;
  let iterationFrom = 0;
  let iterationTo = 0;

  const fallen = { x: new Float32Array(FALLEN_MAX), y: new Float32Array(FALLEN_MAX), army: new Uint8Array(FALLEN_MAX),
    left: new Uint8Array(FALLEN_MAX), at: new Float64Array(FALLEN_MAX).fill(-Infinity), next: 0 };
  const markers = []; // {x, y, kind, at}

  // ---- the camera: x, y in paces in the middle of the view, zoom in CSS pixels per pace ----
  const camera = { x: 1024, y: 1024, zoom: 0.4, wanted: 0.4, anchorX: 0, anchorY: 0 };
  const keys = new Set(); // that pan while held
  let follows = game.demo === true && plays; // a seat that plays by itself keeps its army in view
  let width = 1;
  let height = 1;
  let ratio = 1;
  let placed = false;

  const fit = () => Math.min(width, height) / size;
  const lowest = () => fit() * 0.95;
  const paceX = (px) => (px - width / 2) / camera.zoom + camera.x;
  const paceY = (py) => (py - height / 2) / camera.zoom + camera.y;

  function lookAt(x, y) {
    const [halfX, halfY] = [width / 2 / camera.zoom, height / 2 / camera.zoom];
    const within = (n, half) => (2 * half >= size ? size / 2 : Math.min(Math.max(n, half * 0.92), size - half * 0.92));
    camera.x = within(x, halfX);
    camera.y = within(y, halfY);
    dirty = true;
  }

  function zoomTo(wanted, px = width / 2, py = height / 2) {
    camera.wanted = Math.min(Math.max(wanted, lowest()), 4);
    camera.anchorX = px;
    camera.anchorY = py;
    dirty = true;
  }

  function setZoom(zoom) {
    const [x, y] = [paceX(camera.anchorX), paceY(camera.anchorY)];
    camera.zoom = zoom;
    lookAt(x - (camera.anchorX - width / 2) / zoom, y - (camera.anchorY - height / 2) / zoom);
  }

  function moveCamera(passed) {
    const ahead = camera.wanted / camera.zoom;
    if (Math.abs(ahead - 1) > 0.002) setZoom(camera.zoom * (calm ? ahead : ahead ** Math.min(1, passed / 70)));
    if (follows && placed) follow(passed);
    if (keys.size === 0) return;
    const far = (passed * 0.7) / camera.zoom;
    const along = (more, less) => (keys.has(more) ? far : 0) - (keys.has(less) ? far : 0);
    lookAt(camera.x + along("ArrowRight", "ArrowLeft"), camera.y + along("ArrowDown", "ArrowUp"));
  }

  let followed = { x: 1024, y: 1024 };

  function follow(passed) {
    const by = Math.min(1, passed / 1500);
    const [dx, dy] = [followed.x - camera.x, followed.y - camera.y];
    if (Math.hypot(dx, dy) * camera.zoom > 40) lookAt(camera.x + dx * by, camera.y + dy * by);
  }

  function resize() {
    width = Math.max(frame.clientWidth, 1);
    height = Math.max(frame.clientHeight, 1);
    ratio = Math.min(window.devicePixelRatio || 1, 2);
    frame.classList.toggle("narrow", width < 560);
    for (const [shown, w, h] of [[field, width, height], [mini, mini.clientWidth, mini.clientWidth]]) {
      shown.width = Math.round(w * ratio);
      shown.height = Math.round(h * ratio);
    }
    if (camera.wanted < lowest()) zoomTo(lowest());
    lookAt(camera.x, camera.y);
    // A canvas of another size is empty: no frame may pass with nothing on it.
    if (scene !== null) {
      paint(performance.now());
      paintMini();
    }
  }

  /** The first look: players see their army close, watchers the whole field. */
  function place() {
    placed = true;
    if (plays && !game.demo) {
      say(`The last army standing wins. ${matchMedia("(pointer: coarse)").matches
        ? "Drag a finger across your archers to select them, then tap where they march."
        : "Drag across your archers to select them, then right-click where they march."}`, 1e9);
    }
    camera.zoom = camera.wanted = plays ? Math.max(fit() * 1.6, width < 560 ? 0.62 : 0.9) : lowest();
    const middle = own < 0 ? null : middleOf(own);
    // A little towards the middle of the field, where the others will come from.
    if (middle) lookAt(middle.x * 0.85 + size * 0.075, middle.y * 0.85 + size * 0.075);
    else lookAt(size / 2, size / 2);
  }

  function middleOf(army, only = null) {
    let [x, y, n] = [0, 0, 0];
    for (let i = army * scene.each; i < (army + 1) * scene.each; i += 1) {
      if (scene.hp[i] === 0 || (only && !only[i])) continue;
      x += toX[i];
      y += toY[i];
      n += 1;
    }
    return n === 0 ? null : { x: x / n, y: y / n, n };
  }

  // ---- scenes ----

  function lay(next) {
    count = next.x.length;
    size = next.field;
    points = next.points;
    own = next.seats.indexOf(game.seat);
    [fromX, fromY, toX, toY, seenX, seenY, shotAt] = Array.from({ length: 7 }, () => new Float32Array(count));
    shotAt.fill(-1000);
    hurtAt = new Float64Array(count).fill(-Infinity);
    order = Uint16Array.from({ length: count }, (_, i) => i);
    [facesLeft, picked] = [new Uint8Array(count), new Uint8Array(count)];
    for (let i = 0; i < count; i += 1) {
      toX[i] = seenX[i] = next.x[i] / points;
      toY[i] = seenY[i] = next.y[i] / points;
      facesLeft[i] = toX[i] > size / 2 ? 1 : 0;
    }
    ground = paintGround(next.terrain, Math.round(Math.sqrt(next.terrain.length)), () => {
      dirty = true;
    });
    atlas = null;
    iterationTo = next.iteration;
  }

  const rows = new Uint16Array(1025);

  /** Counting sort by height on the field, once a scene: nearer figures stand before others. */
  function sortRows() {
    const row = (i) => Math.min(1023, Math.floor((toY[i] * 1024) / size));
    rows.fill(0);
    for (let i = 0; i < count; i += 1) rows[row(i) + 1] += 1;
    for (let n = 0; n < 1024; n += 1) rows[n + 1] += rows[n];
    for (let i = 0; i < count; i += 1) order[rows[row(i)]++] = i;
  }

  function show(next, { turn_ms: turn }) {
    const now = performance.now();
    const first = scene === null || next.x.length !== count;
    if (first) lay(next);
    const old = first ? next : scene;
    look(now); // what is seen now is where the next glide begins
    fromX.set(seenX);
    fromY.set(seenY);
    iterationFrom = Math.min(iterationSeen, next.iteration);
    iterationTo = next.iteration;
    busy = next.arrows.length > 0;
    for (let i = 0; i < count; i += 1) {
      toX[i] = next.x[i] / points;
      toY[i] = next.y[i] / points;
      const far = toX[i] - fromX[i];
      if (!busy && (next.walks[i] || Math.abs(far) + Math.abs(toY[i] - fromY[i]) > 0.05)) busy = true;
      if (next.walks[i] && Math.abs(far) > 1) facesLeft[i] = far < 0 ? 1 : 0;
      if (next.hp[i] < old.hp[i]) {
        hurtAt[i] = now;
        if (next.hp[i] === 0) fall(i, now);
      }
    }
    for (let n = 0; n < next.arrows.length; n += 7) {
      const i = next.arrows[n + 6];
      shotAt[i] = next.arrows[n + 4];
      facesLeft[i] = next.arrows[n + 2] < next.arrows[n] ? 1 : 0;
    }
    scene = next;
    // Packets never come at an even beat: glide a little longer than a turn rather than stand.
    if (shownAt > 0) glide += (Math.min(Math.max(now - shownAt, turn * 0.5), turn * 2) * 1.05 - glide) * 0.2;
    glide = Math.min(Math.max(glide, turn * 0.8), turn * 1.6);
    since = shownAt = now;
    sortRows();
    tell(old, now);
    if (!placed) place();
    if (follows) followed = middleOf(own) ?? followed;
    dirty = true;
    dusk.stale = true;
    paintMini();
  }

  function fall(i, now) {
    picked[i] = 0;
    const n = fallen.next;
    fallen.next = (n + 1) % FALLEN_MAX;
    fallen.x[n] = toX[i];
    fallen.y[n] = toY[i];
    fallen.army[n] = Math.floor(i / scene.each);
    fallen.left[n] = facesLeft[i];
    fallen.at[n] = now;
  }

  let iterationSeen = 0;
  let seenUntil = -1;

  /** Where everything is seen at `now`. */
  function look(now) {
    if (seenUntil === now) return;
    seenUntil = now;
    const t = Math.min(Math.max((now - since) / glide, 0), 1);
    for (let i = 0; i < count; i += 1) {
      seenX[i] = fromX[i] + (toX[i] - fromX[i]) * t;
      seenY[i] = fromY[i] + (toY[i] - fromY[i]) * t;
    }
    iterationSeen = iterationFrom + (iterationTo - iterationFrom) * t;
  }

  // ---- what is said in words ----

  const nameOf = (seat) => game.seats.find((one) => one.seat === seat)?.name ?? `seat ${seat + 1}`;
  let newsUntil = 0;

  function say(text, ms = 4000) {
    part("news").textContent = text;
    part("news").classList.add("shown");
    newsUntil = performance.now() + ms;
  }

  function tell(old, now) {
    const tally = part("tally");
    if (tally.children.length !== scene.seats.length) {
      tally.classList.toggle("many", scene.seats.length > 3);
      tally.replaceChildren(...scene.seats.map((seat) => {
        const row = document.createElement("li");
        row.innerHTML = `${badge(seat)}<span></span><b></b>`;
        row.classList.toggle("own", seat === game.seat);
        row.children[1].textContent = nameOf(seat);
        return row;
      }));
    }
    scene.seats.forEach((seat, army) => {
      let alive = 0;
      let before = 0;
      for (let i = army * scene.each; i < (army + 1) * scene.each; i += 1) {
        alive += scene.hp[i] > 0 ? 1 : 0;
        before += old.hp[i] > 0 ? 1 : 0;
      }
      const row = tally.children[army];
      if (row.children[2].textContent !== String(alive)) {
        row.children[2].textContent = alive;
        row.title = `${nameOf(seat)}, ${MARK_NAMES[seat % 8]}: ${alive} of ${scene.each} archers`;
        row.classList.toggle("gone", alive === 0);
        if (alive === 0 && before > 0) say(seat === game.seat ? "Your army is gone." : `${nameOf(seat)}'s army is gone.`);
      }
      if (scene.finished && alive > 0) say(seat === game.seat ? "You hold the field." : `${nameOf(seat)} holds the field.`, 1e9);
    });
    const sky = part("sky");
    const light = scene.night ? "Night" : "Day";
    if (sky.dataset.light !== light) {
      if (sky.dataset.light) {
        dusk.turned = now;
        if (!scene.finished) say(scene.night ? "Night falls: archers see less far." : "Day breaks.");
      }
      sky.dataset.light = light;
      sky.innerHTML = `${scene.night ? MOON : SUN}${light}`;
    }
    if (now > newsUntil) part("news").classList.remove("shown");
  }

  // ---- drawing ----

  let atlas = null;

  /** Figures grow with the zoom, but stay large enough to be seen from afar. */
  const figureScale = () => Math.max(camera.zoom * 0.8, 0.36);

  function figures() {
    const wanted = figureScale() * ratio;
    const step = 1.12 ** Math.round(Math.log(wanted) / Math.log(1.12));
    if (atlas === null || atlas.scale !== step) atlas = paintAtlas(scene.seats, step);
    return atlas;
  }

  let last = 0;
  let asked = 0;

  function drawFrame(now) {
    asked = closed ? 0 : requestAnimationFrame(drawFrame);
    const passed = Math.min(now - last, 100);
    last = now;
    if (scene === null) return;
    moveCamera(passed);
    const gliding = busy && now - since < glide + 40;
    const fading = now - dusk.turned < NIGHT_FALLS_MS + 100;
    while (markers.length > 0 && now - markers[0].at > MARKER_MS) {
      markers.shift();
      dirty = true;
    }
    if (!dirty && !gliding && !fading && markers.length === 0 && now - lastFall() > FALLEN_MS) return;
    const moved = dirty;
    dirty = false;
    look(Math.max(now, since));
    paint(now);
    if (moved) paintMini();
  }

  const lastFall = () => fallen.at[(fallen.next + FALLEN_MAX - 1) % FALLEN_MAX];

  function paint(now) {
    const k = camera.zoom * ratio;
    const left = field.width / 2 - camera.x * k;
    const top = field.height / 2 - camera.y * k;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.fillStyle = "#4b5a54";
    c.fillRect(0, 0, field.width, field.height);
    c.imageSmoothingEnabled = true;
    c.drawImage(ground, left, top, size * k, size * k);
    paintFallen(now, k, left, top);
    paintRings(k, left, top);
    paintArchers(now, k, left, top);
    paintArrows(k, left, top);
    paintNight(now, k, left, top);
    paintMarkers(now, k, left, top);
    paintBox();
  }

  function paintFallen(now, k, left, top) {
    const { sheet: from, wide, high, scale } = figures();
    const s = (figureScale() * ratio) / scale;
    for (let n = 0; n < FALLEN_MAX; n += 1) {
      const age = now - fallen.at[n];
      if (age > FALLEN_MS) continue;
      c.globalAlpha = 0.75 * Math.min(1, (FALLEN_MS - age) / 4000);
      c.drawImage(from, (POSES.fallen + (fallen.left[n] ? PER_SIDE : 0)) * wide, fallen.army[n] * high, wide, high,
        fallen.x[n] * k + left - FOOT_X * scale * s, fallen.y[n] * k + top - FOOT_Y * scale * s, wide * s, high * s);
    }
    c.globalAlpha = 1;
  }

  let ring = null;

  function paintRings(k, left, top) {
    if (own < 0) return;
    const r = figureScale() * ratio * 8.5;
    if (ring === null || ring.r !== r) {
      const picture = canvas(Math.ceil(r * 2 + 6), Math.ceil(r * 1.2 + 6));
      const p = picture.getContext("2d");
      p.translate(picture.width / 2, picture.height / 2);
      for (const [wide, colour] of [[3.2, "rgb(20 26 30 / .55)"], [1.6, "#fff"]]) {
        p.lineWidth = wide * ratio * 0.8;
        p.strokeStyle = colour;
        p.beginPath();
        p.ellipse(0, 0, r, r * 0.5, 0, 0, 7);
        p.stroke();
      }
      ring = { picture, r };
    }
    const [w, h] = [ring.picture.width, ring.picture.height];
    for (let i = own * scene.each; i < (own + 1) * scene.each; i += 1) {
      if (picked[i]) c.drawImage(ring.picture, seenX[i] * k + left - w / 2, seenY[i] * k + top - h / 2);
    }
  }

  function paintArchers(now, k, left, top) {
    const { sheet: from, wide, high, scale } = figures();
    const s = (figureScale() * ratio) / scale;
    const [w, h] = [wide * s, high * s];
    const [footX, footY] = [FOOT_X * scale * s, FOOT_Y * scale * s];
    const [right, low] = [field.width, field.height + h];
    const { each, hp, walks } = scene;
    const stride = Math.floor(now / 130);
    const bearer = each < 40 ? 10 : 25; // one in so many carries the banner
    const bars = camera.zoom > 0.7;
    for (let n = 0; n < count; n += 1) {
      const i = order[n];
      if (hp[i] === 0) continue;
      const x = seenX[i] * k + left;
      const y = seenY[i] * k + top;
      if (x < -w || x > right + w || y < -h || y > low) continue;
      const army = (i / each) | 0;
      const drawn = iterationSeen - shotAt[i];
      const pose = walks[i] ? 1 + ((stride + i) & 1) : drawn > -8 && drawn < 4 ? POSES.draw : POSES.stand;
      const tile = pose + (facesLeft[i] ? PER_SIDE : 0);
      const lift = now - hurtAt[i] < 140 ? 1.5 * ratio : 0; // flinches
      if ((i - army * each) % bearer === 0) {
        c.drawImage(from, BANNER * wide, army * high, wide, high, x - footX, y - footY, w, h);
      }
      c.drawImage(from, tile * wide, army * high, wide, high, x - footX, y - footY - lift, w, h);
      if (bars && hp[i] < 100 && army === own) {
        const half = 6 * figureScale() * ratio;
        c.fillStyle = "rgb(20 26 30 / .7)";
        c.fillRect(x - half, y + 2 * ratio, half * 2, 3 * ratio);
        c.fillStyle = hp[i] > 60 ? "#8fd694" : hp[i] > 30 ? "#f2c14e" : "#f0705a";
        c.fillRect(x - half, y + 2 * ratio, (half * 2 * hp[i]) / 100, 3 * ratio);
      }
    }
  }

  /** All arrows in two strokes: their shadows on the ground, then themselves on their arcs. */
  function paintArrows(k, left, top) {
    const flying = scene.arrows;
    if (flying.length === 0) return;
    c.lineCap = "round";
    for (const shadow of [true, false]) {
      c.beginPath();
      for (let n = 0; n < flying.length; n += 7) {
        const f = (iterationSeen - flying[n + 4]) / (flying[n + 5] - flying[n + 4]);
        if (f < 0 || f >= 1) continue;
        const x0 = (flying[n] / points) * k + left;
        const y0 = (flying[n + 1] / points) * k + top;
        const dx = (flying[n + 2] / points) * k + left - x0;
        const dy = (flying[n + 3] / points) * k + top - y0;
        const far = Math.hypot(dx, dy) || 1;
        const tail = Math.min(f, (10 * figureScale() * ratio) / far);
        const high = shadow ? 0 : far * 0.16 + 4 * ratio;
        const chest = shadow ? 0 : 12 * figureScale() * ratio;
        for (let end = 0; end < 2; end += 1) {
          const g = f - (end === 0 ? tail : 0);
          const x = x0 + dx * g;
          const y = y0 + dy * g - chest * (1 - 0.6 * g) - 4 * high * g * (1 - g);
          if (end === 0) c.moveTo(x, y);
          else c.lineTo(x, y);
        }
      }
      c.lineWidth = (shadow ? 1.5 : 1.3) * ratio * Math.max(0.6, figureScale() * 1.3);
      c.strokeStyle = shadow ? "rgb(24 30 24 / .22)" : "#3d2f1f";
      c.stroke();
    }
  }

  // ---- the night: a small picture of the whole field, drawn large and soft over it ----

  const DUSK = 128;
  const dusk = { picture: canvas(DUSK, DUSK), lamp: canvas(64, 64), turned: -Infinity, stale: true, lit: new Uint8Array(1024) };
  {
    const p = dusk.lamp.getContext("2d");
    const glow = p.createRadialGradient(32, 32, 4, 32, 32, 32);
    for (let n = 0; n <= 8; n += 1) glow.addColorStop(n / 8, `rgb(0 0 0 / ${0.5 * (1 - (n / 8) ** 1.2) ** 1.6})`);
    p.fillStyle = glow;
    p.fillRect(0, 0, 64, 64);
  }

  function paintNight(now, k, left, top) {
    const t = calm ? 1 : Math.min((now - dusk.turned) / NIGHT_FALLS_MS, 1);
    if (!scene.night && t >= 1) return;
    if (dusk.stale || t < 1) {
      dusk.stale = false;
      paintDusk(t);
    }
    c.imageSmoothingEnabled = true;
    c.globalCompositeOperation = "multiply";
    c.drawImage(dusk.picture, left, top, size * k, size * k);
    c.globalCompositeOperation = "source-over";
  }

  /** The shadow glides over the field from the east, and away to the west in the morning. */
  function paintDusk(t) {
    const p = dusk.picture.getContext("2d");
    p.globalCompositeOperation = "source-over";
    p.clearRect(0, 0, DUSK, DUSK);
    const dark = "rgb(74 90 150 / .92)"; // multiplied with what is under it
    const clear = "rgb(74 90 150 / 0)";
    const edge = DUSK * (1.5 - 2 * t * (2 - t)); // from beyond the east to beyond the west
    const shadow = p.createLinearGradient(edge, 0, edge + DUSK * 0.5, DUSK * 0.12);
    shadow.addColorStop(0, scene.night ? clear : dark);
    shadow.addColorStop(1, scene.night ? dark : clear);
    p.fillStyle = t >= 1 ? dark : shadow;
    p.fillRect(0, 0, DUSK, DUSK);
    // Where one's own archers stand it is less dark: once for each patch of the field.
    p.globalCompositeOperation = "destination-out";
    dusk.lit.fill(0);
    const reach = (210 / size) * DUSK;
    const [from, to] = own < 0 ? [0, count] : [own * scene.each, (own + 1) * scene.each];
    for (let i = from; i < to; i += 1) {
      if (scene.hp[i] === 0) continue;
      const patch = ((toY[i] * 32) / size | 0) * 32 + ((toX[i] * 32) / size | 0);
      if (dusk.lit[patch]) continue;
      dusk.lit[patch] = 1;
      p.globalAlpha = own < 0 ? 0.5 : 0.8;
      p.drawImage(dusk.lamp, (toX[i] / size) * DUSK - reach, (toY[i] / size) * DUSK - reach, reach * 2, reach * 2);
    }
    p.globalAlpha = 1;
  }

  // ---- marks of orders, the selection box, the small map ----

  function paintMarkers(now, k, left, top) {
    for (const { x, y, kind, at } of markers) {
      const t = (now - at) / MARKER_MS;
      const shrink = calm ? 1 : 1 - Math.min(t * 2.2, 1) ** 0.6 * 0.55;
      c.save();
      c.translate(x * k + left, y * k + top);
      c.scale(ratio, ratio);
      c.globalAlpha = Math.min(1, (1 - t) * 2);
      c.lineCap = c.lineJoin = "round";
      for (const [wide, colour] of [[5, "rgb(20 26 30 / .55)"], [2.4, kind === "attack" ? "#ff8a5c" : "#fff"]]) {
        c.lineWidth = wide;
        c.strokeStyle = colour;
        c.beginPath();
        if (kind === "attack") {
          c.arc(0, 0, 20 * shrink, 0, 7);
          for (let n = 0; n < 4; n += 1) {
            const [dx, dy] = [[1, 0], [0, 1], [-1, 0], [0, -1]][n];
            c.moveTo(dx * 26 * shrink, dy * 26 * shrink);
            c.lineTo(dx * 12 * shrink, dy * 12 * shrink);
          }
        } else {
          // Arrowheads that close in on the place; two of them for a run.
          for (let n = 0; n < 4; n += 1) {
            const angle = Math.PI / 4 + (n * Math.PI) / 2;
            for (let head = 0; head < (kind === "run" ? 2 : 1); head += 1) {
              const near = (10 + head * 8) * shrink + 2;
              const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
              c.moveTo(dx * (near + 6) - dy * 6, dy * (near + 6) + dx * 6);
              c.lineTo(dx * near, dy * near);
              c.lineTo(dx * (near + 6) + dy * 6, dy * (near + 6) - dx * 6);
            }
          }
        }
        c.stroke();
      }
      c.restore();
    }
  }

  let box = null; // {x0, y0, x1, y1} in CSS pixels

  function paintBox() {
    if (box === null) return;
    c.save();
    c.scale(ratio, ratio);
    const rect = [Math.min(box.x0, box.x1), Math.min(box.y0, box.y1), Math.abs(box.x1 - box.x0), Math.abs(box.y1 - box.y0)];
    c.fillStyle = "rgb(255 255 255 / .12)";
    c.fillRect(...rect);
    c.lineWidth = 3;
    c.strokeStyle = "rgb(20 26 30 / .5)";
    c.strokeRect(...rect);
    c.lineWidth = 1.2;
    c.strokeStyle = "#fff";
    c.strokeRect(...rect);
    c.restore();
  }

  function paintMini() {
    if (scene === null) return;
    const all = width >= size * camera.zoom * 0.99 && height >= size * camera.zoom * 0.99;
    part("map").classList.toggle("needless", all); // all of the field is in view anyway
    if (all) return;
    const k = mini.width / size;
    m.setTransform(1, 0, 0, 1, 0, 0);
    m.imageSmoothingEnabled = true;
    m.drawImage(ground, 0, 0, mini.width, mini.height);
    if (scene.night) {
      m.globalCompositeOperation = "multiply";
      m.fillStyle = "rgb(120 134 186)";
      m.fillRect(0, 0, mini.width, mini.height);
      m.globalCompositeOperation = "source-over";
    }
    const dot = Math.max(2, Math.round(1.6 * ratio));
    scene.seats.forEach((seat, army) => {
      m.fillStyle = COLOURS[seat % 8];
      for (let i = army * scene.each; i < (army + 1) * scene.each; i += 1) {
        if (scene.hp[i] > 0) m.fillRect(toX[i] * k - dot / 2, toY[i] * k - dot / 2, dot, dot);
      }
    });
    m.lineWidth = 1.5 * ratio;
    m.strokeStyle = "#fff";
    m.strokeRect((camera.x - width / 2 / camera.zoom) * k, (camera.y - height / 2 / camera.zoom) * k,
      (width / camera.zoom) * k, (height / camera.zoom) * k);
  }

  // ---- selecting and ordering ----

  const alive = (i) => scene !== null && scene.hp[i] > 0;

  function pick(test, add = false) {
    if (own < 0 || scene === null) return;
    for (let i = own * scene.each; i < (own + 1) * scene.each; i += 1) {
      picked[i] = alive(i) && ((add && picked[i]) || test(i)) ? 1 : 0;
    }
    dirty = true;
  }

  const anyPicked = () => picked.includes(1);

  /** The archer drawn at a point of the field, of one's own army or of the others; -1 for none. */
  function archerAt(x, y, mine) {
    let best = -1;
    let near = Math.max(9, 14 / camera.zoom);
    for (let i = 0; i < count; i += 1) {
      if (!alive(i) || (Math.floor(i / scene.each) === own) !== mine) continue;
      const far = Math.hypot(seenX[i] - x, seenY[i] - (7 * figureScale()) / camera.zoom - y);
      if (far < near) [best, near] = [i, far];
    }
    return best;
  }

  /** The picked archers as a bit mask over the army: bit b of word w is archer 32 w + b. */
  function mask() {
    const words = [];
    for (let n = 0; n < scene.each; n += 1) {
      if (!picked[own * scene.each + n]) continue;
      while (words.length <= n >> 5) words.push(0);
      words[n >> 5] = (words[n >> 5] | (1 << (n & 31))) >>> 0;
    }
    return words;
  }

  let runs = false; // the Run button is down

  function command(x, y, run) {
    if (own < 0 || scene === null || !anyPicked()) return;
    newsUntil = Math.min(newsUntil, performance.now() + 4000); // what to do is known now
    const units = mask();
    const target = archerAt(x, y, false);
    const [px, py] = [x, y].map((n) => Math.round(Math.min(Math.max(n, 0), size - 1)));
    const name = target >= 0 && !run ? "attack" : run ? "run" : "move";
    markers.push({ x: target >= 0 && !run ? seenX[target] : px, y: target >= 0 && !run ? seenY[target] : py, kind: name, at: performance.now() });
    game.send(name, name === "attack" ? { units, target } : { units, x: px, y: py });
    if (runs) press("Run", false);
  }

  function halt() {
    if (own >= 0 && scene !== null && anyPicked()) game.send("halt", { units: mask() });
  }

  // ---- pointers: the mouse selects with the left button and orders with the right one;
  // one finger selects by dragging and orders by tapping, two fingers move the field ----

  const fingers = new Map(); // pointerId -> {x, y}
  let press0 = null; // {x, y, id, button, touch}
  let pinch = null; // {far, x, y, zoom}
  let tapped = { at: 0, x: 0, y: 0 };

  const spot = (event) => {
    const box_ = field.getBoundingClientRect();
    return { x: event.clientX - box_.left, y: event.clientY - box_.top };
  };

  function down(event) {
    const { x, y } = spot(event);
    follows = false;
    field.focus({ preventScroll: true });
    field.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x, y });
    if (event.pointerType === "touch" && fingers.size === 2) {
      [box, press0] = [null, null];
      const [a, b] = [...fingers.values()];
      pinch = { far: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, zoom: camera.zoom };
      return;
    }
    if (event.button === 2) command(paceX(x), paceY(y), event.shiftKey || runs);
    else press0 = { x, y, id: event.pointerId, button: event.button, touch: event.pointerType === "touch" };
  }

  function move(event) {
    if (!fingers.has(event.pointerId)) return;
    const { x, y } = spot(event);
    const before = fingers.get(event.pointerId);
    fingers.set(event.pointerId, { x, y });
    if (pinch !== null && fingers.size >= 2) {
      const [a, b] = [...fingers.values()];
      const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
      const wanted = Math.min(Math.max((pinch.zoom * Math.hypot(a.x - b.x, a.y - b.y)) / pinch.far, lowest()), 4);
      [camera.anchorX, camera.anchorY] = [middle.x, middle.y];
      lookAt(camera.x - (middle.x - pinch.x) / camera.zoom, camera.y - (middle.y - pinch.y) / camera.zoom);
      setZoom(wanted);
      camera.wanted = wanted;
      [pinch.x, pinch.y] = [middle.x, middle.y];
      return;
    }
    if (press0 === null || press0.id !== event.pointerId) return;
    if (press0.button === 1 || !plays) { // the middle button, and any drag of a watcher, moves the field
      lookAt(camera.x - (x - before.x) / camera.zoom, camera.y - (y - before.y) / camera.zoom);
    } else if (box !== null || Math.hypot(x - press0.x, y - press0.y) > (press0.touch ? 10 : 4)) {
      box = { x0: press0.x, y0: press0.y, x1: x, y1: y };
      dirty = true;
    }
  }

  function up(event) {
    if (!fingers.delete(event.pointerId)) return;
    if (fingers.size < 2) pinch = null;
    if (press0 === null || press0.id !== event.pointerId) return;
    const { x, y } = spot(event);
    const { button, touch } = press0;
    press0 = null;
    if (box !== null) pickBox(event.shiftKey);
    else if (button === 0 && event.type === "pointerup") click(x, y, touch, event.shiftKey);
  }

  function pickBox(add) {
    const [x0, x1] = [paceX(Math.min(box.x0, box.x1)), paceX(Math.max(box.x0, box.x1))];
    const [y0, y1] = [paceY(Math.min(box.y0, box.y1)), paceY(Math.max(box.y0, box.y1))];
    const lift = (14 * figureScale()) / camera.zoom; // a box round the heads counts as well
    box = null;
    pick((i) => seenX[i] >= x0 && seenX[i] <= x1 && seenY[i] >= y0 && seenY[i] - lift <= y1, add);
  }

  function click(x, y, touch, add) {
    const now = performance.now();
    const twice = now - tapped.at < 350 && Math.hypot(x - tapped.x, y - tapped.y) < 24;
    tapped = { at: now, x, y };
    const [px, py] = [paceX(x), paceY(y)];
    const mine = archerAt(px, py, true);
    if (mine >= 0 && twice) { // all that are in sight
      pick((i) => Math.abs(seenX[i] - camera.x) < width / 2 / camera.zoom && Math.abs(seenY[i] - camera.y) < height / 2 / camera.zoom);
    } else if (mine >= 0 && touch) { // a finger means the bunch around it
      pick((i) => Math.hypot(seenX[i] - seenX[mine], seenY[i] - seenY[mine]) < 70);
    } else if (mine >= 0) {
      pick((i) => i === mine, add);
    } else if (touch && anyPicked()) {
      command(px, py, runs);
    } else if (!add) {
      pick(() => false);
    }
  }

  field.addEventListener("pointerdown", down);
  field.addEventListener("pointermove", move);
  field.addEventListener("pointerup", up);
  field.addEventListener("pointercancel", (event) => {
    box = null;
    dirty = true;
    up(event);
  });
  field.addEventListener("contextmenu", (event) => event.preventDefault());
  field.addEventListener("wheel", (event) => {
    event.preventDefault();
    follows = false;
    const { x, y } = spot(event);
    zoomTo(camera.wanted * 1.0016 ** -event.deltaY, x, y);
  }, { passive: false });

  const onMini = (event) => {
    event.preventDefault();
    const frame_ = mini.getBoundingClientRect();
    const x = ((event.clientX - frame_.left) / frame_.width) * size;
    const y = ((event.clientY - frame_.top) / frame_.height) * size;
    follows = false;
    if (event.button === 2 && event.type === "pointerdown") command(x, y, event.shiftKey || runs);
    else if (event.buttons & 1) lookAt(x, y);
  };
  mini.addEventListener("pointerdown", (event) => {
    mini.setPointerCapture(event.pointerId);
    onMini(event);
  });
  mini.addEventListener("pointermove", onMini);
  mini.addEventListener("contextmenu", (event) => event.preventDefault());

  // ---- keys and buttons ----

  const CONTROLS = [
    plays && ["All", "Select all your archers (A)", () => pick(() => true)],
    plays && ["Halt", "The selected archers stand and shoot (H)", halt],
    plays && ["Run", "The next order is a run: no stopping, no shooting (R)", () => press("Run", !runs)],
    ["−", "Zoom out (−)", () => zoomTo(camera.wanted / 1.4)],
    ["+", "Zoom in (+)", () => zoomTo(camera.wanted * 1.4)],
    ["?", "How to play", () => press("?", part("help").hidden)],
  ].filter(Boolean);
  const buttons = new Map(CONTROLS.map(([text, title, act]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.title = title;
    button.setAttribute("aria-label", title);
    button.onclick = act;
    part("bar").append(button);
    return [text, button];
  }));
  buttons.get("Run")?.setAttribute("aria-pressed", "false");
  buttons.get("?").setAttribute("aria-expanded", "false");
  buttons.get("?").setAttribute("aria-controls", "help");

  function press(text, on) {
    if (text === "Run") {
      runs = on;
      buttons.get("Run").setAttribute("aria-pressed", String(on));
    } else {
      part("help").hidden = !on;
      buttons.get("?").setAttribute("aria-expanded", String(on));
    }
  }

  const LEGEND = [
    ...(plays ? [
      ["Drag", "select archers; Shift adds"],
      ["Right-click", "march there, shooting on the way"],
      ["On an enemy", "attack that one"],
      ["Shift + right-click", "run there without shooting"],
      ["Finger", "drag selects, tap orders, two move the field"],
      ["A, Esc, H", "all, none, halt"],
    ] : [["Drag", "move the field"]]),
    ["Arrows, + −", "move the field, zoom"],
  ];
  part("help").innerHTML = `<dl>${LEGEND.map(([what, does]) => `<dt>${what}</dt><dd>${does}</dd>`).join("")}</dl>`;

  const KEYS = {
    a: () => pick(() => true), A: () => pick(() => true), Escape: () => pick(() => false), h: halt, H: halt,
    r: () => plays && press("Run", !runs), R: () => plays && press("Run", !runs),
    "+": () => zoomTo(camera.wanted * 1.25), "=": () => zoomTo(camera.wanted * 1.25), "-": () => zoomTo(camera.wanted / 1.25),
  };

  function keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      keys.add(event.key);
      follows = false;
    } else if (KEYS[event.key]) KEYS[event.key]();
    else return;
    event.preventDefault();
    dirty = true;
  }
  const keyUp = (event) => keys.delete(event.key);
  const blur = () => keys.clear();
  window.addEventListener("keydown", keyDown);
  window.addEventListener("keyup", keyUp);
  window.addEventListener("blur", blur);

  // ---- a seat of the demo plays by itself ----

  function playOn() {
    const quiet = performance.now() - shownAt > 2000; // a pause: orders would only pile up
    if (scene === null || own < 0 || scene.finished || quiet || anyPicked()) return; // or a person plays
    const mine = middleOf(own);
    const others = scene.seats.map((_, army) => (army === own ? null : middleOf(army))).filter(Boolean);
    if (!mine || others.length === 0) return;
    others.sort((a, b) => Math.hypot(a.x - mine.x, a.y - mine.y) - Math.hypot(b.x - mine.x, b.y - mine.y));
    const enemy = others[Math.random() < 0.8 ? 0 : Math.floor(Math.random() * others.length)];
    // A wing or everybody, most of the way to an enemy, a bit beside it.
    const [part_, parts] = Math.random() < 0.35 ? [0, 1] : [Math.floor(Math.random() * 3), 3];
    const each = Math.ceil(scene.each / parts);
    for (let n = part_ * each; n < Math.min((part_ + 1) * each, scene.each); n += 1) {
      if (alive(own * scene.each + n)) picked[own * scene.each + n] = 1;
    }
    const back = Math.random() < 0.2; // now and then they fall back
    const far = back ? -0.5 : 0.3 + Math.random() * 0.6;
    const beside = () => (Math.random() - 0.5) * 320;
    command(mine.x + (enemy.x - mine.x) * far + beside(), mine.y + (enemy.y - mine.y) * far + beside(), back);
    picked.fill(0);
    dirty = true;
  }

  let demoTimer = 0;
  if (game.demo && plays) {
    const again = () => {
      demoTimer = setTimeout(() => {
        playOn();
        again();
      }, 900 + Math.random() * 2600);
    };
    again();
  }

  const watcher = new ResizeObserver(resize);
  watcher.observe(frame);
  resize();
  asked = requestAnimationFrame(drawFrame);

  return {
    show,
    refused({ detail }) {
      say(detail ?? "That order was refused.");
    },
    resize,
    close() {
      closed = true;
      cancelAnimationFrame(asked);
      clearTimeout(demoTimer);
      watcher.disconnect();
      window.removeEventListener("keydown", keyDown);
      window.removeEventListener("keyup", keyUp);
      window.removeEventListener("blur", blur);
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    },
  };
};
