/**
 * Archers: up to 1500 of them, in whole numbers only.
 *
 * The whole state of the game is one Int32Array (`state`): a short head, then one column per
 * property of an archer. So the checksum is its hash, a snapshot is its copy, and nothing that
 * matters can hide elsewhere. Everything else here is either fixed by setup and seed (the
 * terrain, the armies) or worked out again from the state (the grids, the ways round lakes).
 *
 * Distances are in points, 16 to a pace; the field is 2048 paces square. Times are iterations.
 * It knows no page, no clock and no network. The one rule: what is read is only state, setup,
 * seed and the commands of the turn, and it is gone through in one fixed order.
 */

const POINTS = 16; // per pace
const FIELD = 2048; // paces, each way
const CELL = 32 * POINTS; // of the terrain
const SIDE = 64; // cells, each way
const EDGE = 8 * POINTS; // nobody steps closer to the border
const LAST = FIELD * POINTS - EDGE;

const MEADOW = 0;
const WOOD = 1; // slow, and half of the arrows stick in the trees
const FORD = 2; // slow
const WATER = 3;
const ROCK = 4;
const PASSABLE = [1, 1, 1, 0, 0];
const SPEED = [40, 27, 24, 24, 24]; // points per iteration, by terrain
const COST = [10, 14, 16, 0, 0]; // of one cell straight on, for the ways

const HOLDS = { plains: 1500, woods: 1200, islands: 1000 }; // archers, by map

const HEALTH = 100;
const RANGE = [200 * POINTS, 120 * POINTS]; // by day, by night
const SIGHT = [280 * POINTS, 150 * POINTS];
const RELOAD = 30; // iterations; an arrow flies for less, so one per archer is in the air
const ARROW_SPEED = 28 * POINTS;
const HIT = 9 * POINTS; // an arrow hits the nearest enemy that stands this near to where it lands
const ELBOW = 11 * POINTS; // archers keep this far apart
const SPACING = 12 * POINTS; // in ranks
const GIVE_UP = 30; // iterations without getting anywhere

const STAND = 0;
const MARCH = 1; // to a spot, stopping to shoot
const RUN = 2; // to a spot
const HUNT = 3; // one enemy

// The head of the state, then the columns.
const [ITERATION, NIGHT, FINISHED, DICE, HEAD] = [0, 1, 2, 3, 8];
const COLUMNS = [
  "x", "y", "vx", "vy", // where, and the last step
  "hp", // 0 or less: dead
  "order", "spotX", "spotY", "goal", // what to do, the own spot, the cell that all of the order go to
  "aim", "ready", "stuck", // enemy or -1; when the bow is ready; iterations without progress
  "fromX", "fromY", "toX", "toY", "shot", "lands", // the last arrow: its flight and times
];

// Grids over the field, remade in each iteration: a fine one to keep apart, a coarse one to see.
const FINE = 16 * POINTS;
const FINE_SIDE = FIELD * POINTS / FINE;
const COARSE = 64 * POINTS;
const COARSE_SIDE = FIELD * POINTS / COARSE;

const cellAt = (x, y) => Math.trunc(y / CELL) * SIDE + Math.trunc(x / CELL);
const centre = (n) => n * CELL + CELL / 2;
const clamp = (n, low, high) => (n < low ? low : n > high ? high : n);

export default (kit) => {
  const { isqrt, sin, cos, atan2, TURN, ONE } = kit;

  // ---- fixed by setup and seed ----
  let map = "plains";
  let seats = []; // seat numbers, by army
  let each = 0; // archers per army
  let count = 0; // archers
  let army = new Uint8Array(0); // of each archer
  let terrain = new Uint8Array(SIDE * SIDE);
  let starts = []; // {x, y, angle}, by army
  let dice = new kit.Random(0);

  // ---- the state ----
  let state = new Int32Array(HEAD);
  let x, y, vx, vy, hp, order, spotX, spotY, goal, aim, ready, stuck;
  let fromX, fromY, toX, toY, shot, lands;

  function lay() {
    state = new Int32Array(HEAD + COLUMNS.length * count);
    const column = (n) => state.subarray(HEAD + n * count, HEAD + (n + 1) * count);
    [x, y, vx, vy, hp, order, spotX, spotY, goal, aim, ready, stuck, fromX, fromY, toX, toY, shot, lands] =
      COLUMNS.map((_, n) => column(n));
    next = new Int16Array(count);
    nextFar = new Int16Array(count);
    along = new Int32Array(count);
    across = new Int32Array(count);
    army = Uint8Array.from({ length: count }, (_, i) => Math.trunc(i / each));
  }

  // ---- worked out again from the state ----
  const heads = new Int16Array(FINE_SIDE * FINE_SIDE);
  const headsFar = new Int16Array(COARSE_SIDE * COARSE_SIDE);
  const armiesFar = new Uint8Array(COARSE_SIDE * COARSE_SIDE); // a bit per army that stands there
  let next = new Int16Array(0); // the next archer in the same cell
  let nextFar = new Int16Array(0);
  let along = new Int32Array(0); // scratch for ranks
  let across = new Int32Array(0);
  const ways = new Array(SIDE * SIDE).fill(null); // by goal cell, made when first asked for

  // ---- terrain: every army's sector is the same, so that no seat is better ----

  function makeTerrain(random) {
    const sides = seats.length;
    const room = isqrt(each) * 7 * POINTS + 96 * POINTS; // free ground that an army needs
    const spin = random.below(TURN);
    starts = seats.map((_, side) => {
      const angle = spin + Math.trunc((TURN * side) / sides);
      const far = 730 * POINTS;
      return { x: middle(cos(angle), far), y: middle(sin(angle), far), angle: angle + TURN / 2 };
    });
    terrain.fill(map === "islands" ? WATER : MEADOW);

    const many = (total) => Math.max(1, Math.trunc(total / sides));
    const scatter = (total, kind, low, high, near = 0) => {
      for (let n = many(total); n > 0; n -= 1) {
        const angle = random.below(TURN);
        const away = random.between(near, 1000) * POINTS;
        const size = random.between(low, high) * POINTS;
        const wave = [random.below(TURN), random.below(TURN)];
        for (let side = 0; side < sides; side += 1) {
          const turned = Math.trunc((TURN * side) / sides) + angle;
          blob(middle(cos(turned), away), middle(sin(turned), away), size, kind, wave, turned);
        }
      }
    };
    if (map === "islands") {
      scatter(24, MEADOW, 70, 190);
      blob(middle(0, 0), middle(0, 0), 300 * POINTS, MEADOW, [0, 300], spin);
    }
    if (map === "plains") scatter(14, WOOD, 50, 120);
    if (map === "woods") scatter(46, WOOD, 70, 170);
    if (map === "islands") scatter(20, WOOD, 40, 80, 100);
    if (map !== "islands") scatter(10, WATER, 40, 105, 120);
    scatter(map === "islands" ? 6 : 12, ROCK, 18, 44, 150);
    for (const start of starts) blob(start.x, start.y, room, MEADOW, [0, 0], 0, 0);
    if (map === "islands") ford();
    closeOff();
    // Not seen in thousands of fields; but armies that can't meet would be a game without an end.
    if (starts.some((start) => !PASSABLE[terrain[cellAt(start.x, start.y)]])) {
      ford();
      closeOff();
    }
  }

  /** The middle of the field, plus a direction (scaled by ONE) times a distance. */
  const middle = (direction, far) => clamp(
    Math.trunc((FIELD * POINTS) / 2 + (direction * far) / ONE), CELL, FIELD * POINTS - CELL);

  /** A patch with a wavy border; `wobble` is its share of the size in eighths. */
  function blob(cx, cy, size, kind, wave, turned, wobble = 2) {
    for (let row = 0; row < SIDE; row += 1) {
      for (let col = 0; col < SIDE; col += 1) {
        const dx = centre(col) - cx;
        const dy = centre(row) - cy;
        const far = dx * dx + dy * dy;
        if (far > 4 * size * size) continue;
        const angle = atan2(dy, dx) - turned;
        const waves = 2 * sin(2 * angle + wave[0]) + sin(5 * angle + wave[1]);
        const reach = size + Math.trunc((Math.trunc((size * wobble) / 8) * waves) / (2 * ONE));
        if (reach <= 0 || far > reach * reach) continue;
        const cell = row * SIDE + col;
        // On the islands, woods and rocks need land under them.
        if (map !== "islands" || kind === MEADOW || terrain[cell] !== WATER) terrain[cell] = kind;
      }
    }
  }

  /** Shallow water from each army to the next and to the middle, where it is deep or rocky. */
  function ford() {
    const hub = { x: middle(0, 0), y: middle(0, 0) };
    starts.forEach((start, side) => {
      for (const to of [hub, starts[(side + 1) % starts.length]]) {
        const steps = 200;
        for (let n = 0; n <= steps; n += 1) {
          const px = start.x + Math.trunc(((to.x - start.x) * n) / steps);
          const py = start.y + Math.trunc(((to.y - start.y) * n) / steps);
          for (const [dx, dy] of [[0, 0], [CELL, 0], [-CELL, 0], [0, CELL], [0, -CELL]]) {
            const cell = cellAt(clamp(px + dx, 0, LAST), clamp(py + dy, 0, LAST));
            if (!PASSABLE[terrain[cell]]) terrain[cell] = FORD;
          }
        }
      }
    });
  }

  /** Ground that the first army cannot walk to is rock: so every goal can be reached. */
  function closeOff() {
    const reached = new Uint8Array(SIDE * SIDE);
    const open = [cellAt(starts[0].x, starts[0].y)];
    reached[open[0]] = 1;
    while (open.length > 0) {
      const cell = open.pop();
      for (const [step] of neighbours(cell)) {
        if (!reached[step]) {
          reached[step] = 1;
          open.push(step);
        }
      }
    }
    reached.forEach((yes, cell) => {
      if (!yes && PASSABLE[terrain[cell]]) terrain[cell] = ROCK;
    });
  }

  // ---- ways: one field of directions per goal cell, shared by all who go there ----

  // The cells beside each cell, eight places each and -1 for none, and the cost of the step.
  const links = new Int16Array(SIDE * SIDE * 8);
  const prices = new Uint8Array(SIDE * SIDE * 8);

  function link() {
    links.fill(-1);
    ways.fill(null);
    for (let cell = 0; cell < SIDE * SIDE; cell += 1) {
      neighbours(cell).forEach(([step, price], n) => {
        links[cell * 8 + n] = step;
        prices[cell * 8 + n] = price;
      });
    }
  }

  /** The cells beside this one that can be walked on, with their cost; no cutting corners. */
  function neighbours(cell) {
    const col = cell % SIDE;
    const row = (cell - col) / SIDE;
    const found = [];
    for (let dy = -1; dy <= 1; dy += 1) {
      for (let dx = -1; dx <= 1; dx += 1) {
        if ((dx === 0 && dy === 0) || col + dx < 0 || col + dx >= SIDE || row + dy < 0 || row + dy >= SIDE) continue;
        const step = cell + dy * SIDE + dx;
        if (!PASSABLE[terrain[step]]) continue;
        if (dx !== 0 && dy !== 0) {
          if (!PASSABLE[terrain[cell + dx]] || !PASSABLE[terrain[cell + dy * SIDE]]) continue;
          found.push([step, Math.trunc((COST[terrain[step]] * 7) / 5)]);
        } else {
          found.push([step, COST[terrain[step]]]);
        }
      }
    }
    return found;
  }

  /** Dijkstra from the goal, with one bucket per cost (Dial). `towards` is the next cell on the
   * way; `seen`, filled when asked for, the farthest cell of the way in a clear line. */
  function wayTo(cell) {
    if (ways[cell] !== null) return ways[cell];
    const towards = new Int16Array(SIDE * SIDE).fill(-1);
    const seen = new Int16Array(SIDE * SIDE).fill(-1);
    const cost = new Int32Array(SIDE * SIDE).fill(2 ** 30);
    const buckets = Array.from({ length: 32 }, () => []);
    cost[cell] = 0;
    towards[cell] = cell;
    buckets[0].push(cell);
    for (let at = 0, waiting = 1; waiting > 0; at += 1) {
      const bucket = buckets[at & 31];
      while (bucket.length > 0) {
        const from = bucket.pop();
        waiting -= 1;
        if (cost[from] !== at) continue; // a cheaper way came first
        for (let n = from * 8; n < from * 8 + 8 && links[n] >= 0; n += 1) {
          const step = links[n];
          if (at + prices[n] >= cost[step]) continue;
          cost[step] = at + prices[n];
          towards[step] = from;
          buckets[cost[step] & 31].push(step);
          waiting += 1;
        }
      }
    }
    ways[cell] = { towards, seen };
    return ways[cell];
  }

  /** The farthest cell on the way from `cell` to `to` that can be walked to in a straight line. */
  function aheadOn(to, cell) {
    if (ways[to] === null && isClear(cell, to)) return to;
    const { towards, seen } = wayTo(to);
    if (seen[cell] >= 0 || towards[cell] < 0) return seen[cell];
    let best = towards[cell];
    if (isClear(cell, to)) best = to;
    else while (best !== to && isClear(cell, towards[best])) best = towards[best];
    seen[cell] = best;
    return best;
  }

  /** Is the straight line between the middles of two cells free? */
  function isClear(from, to) {
    const col = from % SIDE;
    const row = (from - col) / SIDE;
    const dx = (to % SIDE) - col;
    const dy = Math.trunc(to / SIDE) - row;
    const steps = 2 * Math.max(Math.abs(dx), Math.abs(dy));
    for (let n = 1; n < steps; n += 1) {
      const across_ = Math.trunc(((2 * col + 1) * steps + 2 * dx * n) / (2 * steps));
      const down = Math.trunc(((2 * row + 1) * steps + 2 * dy * n) / (2 * steps));
      if (!PASSABLE[terrain[down * SIDE + across_]]) return false;
    }
    return true;
  }

  /** The nearest cell to this one that can be walked on. */
  function nearestOpen(cell) {
    if (PASSABLE[terrain[cell]]) return cell;
    const col = cell % SIDE;
    const row = (cell - col) / SIDE;
    let best = cell;
    let far = 2 ** 30;
    for (let other = 0; other < SIDE * SIDE; other += 1) {
      if (!PASSABLE[terrain[other]]) continue;
      const dx = (other % SIDE) - col;
      const dy = Math.trunc(other / SIDE) - row;
      if (dx * dx + dy * dy < far) {
        far = dx * dx + dy * dy;
        best = other;
      }
    }
    return best;
  }

  // ---- ranks ----

  /** Gives each of these archers a spot in ranks that face (ux, uy), a direction of 1024.
   * Who is in front stays in front and who is left stays left, so that paths cross little. */
  function formUp(units, cx, cy, ux, uy) {
    for (const i of units) {
      const dx = x[i] - cx;
      const dy = y[i] - cy;
      along[i] = Math.trunc((dx * ux + dy * uy) / 1024);
      across[i] = Math.trunc((dy * ux - dx * uy) / 1024);
    }
    units.sort((a, b) => along[b] - along[a] || a - b);
    const wide = isqrt(3 * units.length);
    for (let rank = 0; rank * wide < units.length; rank += 1) {
      const row = units.slice(rank * wide, (rank + 1) * wide).sort((a, b) => across[a] - across[b] || a - b);
      row.forEach((i, file) => {
        const right = Math.trunc(((2 * file - row.length + 1) * SPACING) / 2);
        const back = rank * SPACING;
        spotX[i] = clamp(cx + Math.trunc((-uy * right - ux * back) / 1024), EDGE, LAST);
        spotY[i] = clamp(cy + Math.trunc((ux * right - uy * back) / 1024), EDGE, LAST);
      });
    }
  }

  function deploy() {
    starts.forEach(({ x: cx, y: cy, angle }, own) => {
      const ux = Math.trunc(cos(angle) / 64);
      const uy = Math.trunc(sin(angle) / 64);
      const units = Array.from({ length: each }, (_, n) => own * each + n);
      formUp(units, cx, cy, ux, uy);
      for (const i of units) {
        const cell = nearestOpen(cellAt(spotX[i], spotY[i]));
        const dry = cell === cellAt(spotX[i], spotY[i]);
        x[i] = dry ? spotX[i] : centre(cell % SIDE);
        y[i] = dry ? spotY[i] : centre(Math.trunc(cell / SIDE));
        hp[i] = HEALTH;
        aim[i] = -1;
        ready[i] = dice.below(RELOAD); // so that they don't all shoot at once
        shot[i] = lands[i] = -1;
      }
    });
  }

  // ---- commands: the last one that names an archer counts; the dead hear nothing ----

  function chosen(own, mask) {
    const units = [];
    for (let n = 0; n < each && n < mask.length * 32; n += 1) {
      const i = own * each + n;
      if ((mask[n >> 5] >>> (n & 31)) & 1 && hp[i] > 0) units.push(i);
    }
    return units;
  }

  function obey({ seat, name, body }) {
    const own = seats.indexOf(seat);
    const units = own < 0 ? [] : chosen(own, body.units);
    if (units.length === 0) return;
    if (name === "attack") {
      const { target } = body;
      if (target >= count || hp[target] <= 0 || army[target] === own) return;
      for (const i of units) set(i, HUNT, target);
    } else if (name === "halt") {
      for (const i of units) set(i, STAND, -1);
    } else {
      go(units, name === "run" ? RUN : MARCH, body.x * POINTS, body.y * POINTS);
    }
  }

  function set(i, what, enemy) {
    order[i] = what;
    aim[i] = enemy;
    stuck[i] = 0;
  }

  function go(units, what, px, py) {
    const wanted = cellAt(px, py);
    const cell = nearestOpen(wanted);
    const cx = cell === wanted ? clamp(px, EDGE, LAST) : centre(cell % SIDE);
    const cy = cell === wanted ? clamp(py, EDGE, LAST) : centre(Math.trunc(cell / SIDE));
    let sumX = 0;
    let sumY = 0;
    for (const i of units) {
      sumX += x[i];
      sumY += y[i];
    }
    let dx = cx - Math.trunc(sumX / units.length);
    let dy = cy - Math.trunc(sumY / units.length);
    let far = isqrt(dx * dx + dy * dy);
    if (far === 0) [dx, dy, far] = [0, -1, 1];
    formUp(units, cx, cy, Math.trunc((dx * 1024) / far), Math.trunc((dy * 1024) / far));
    for (const i of units) {
      set(i, what, -1);
      goal[i] = cell;
      const spot = cellAt(spotX[i], spotY[i]);
      if (!PASSABLE[terrain[spot]] || !isClear(cell, spot)) {
        spotX[i] = cx;
        spotY[i] = cy;
      }
    }
  }

  // ---- one iteration ----

  function iterate() {
    state[ITERATION] += 1;
    fillGrids();
    const now = state[ITERATION];
    for (let i = 0; i < count; i += 1) if (lands[i] === now) land(i);
    for (let i = 0; i < count; i += 1) if (hp[i] > 0) act(i, now);
  }

  function fillGrids() {
    heads.fill(-1);
    headsFar.fill(-1);
    armiesFar.fill(0);
    for (let i = 0; i < count; i += 1) {
      if (hp[i] <= 0) continue;
      const near = Math.trunc(y[i] / FINE) * FINE_SIDE + Math.trunc(x[i] / FINE);
      next[i] = heads[near];
      heads[near] = i;
      const far = Math.trunc(y[i] / COARSE) * COARSE_SIDE + Math.trunc(x[i] / COARSE);
      nextFar[i] = headsFar[far];
      headsFar[far] = i;
      armiesFar[far] |= 1 << army[i];
    }
  }

  function act(i, now) {
    const night = state[NIGHT];
    if (aim[i] >= 0 && hp[aim[i]] <= 0) {
      aim[i] = -1;
      if (order[i] === HUNT) order[i] = STAND;
    }
    // Looking around is the dearest thing here: an archer does it every sixth iteration.
    if ((order[i] === STAND || order[i] === MARCH) && (now + i) % 6 === 0) aim[i] = nearestEnemy(i, SIGHT[night]);

    let pace = 0;
    if (aim[i] >= 0 && order[i] !== RUN) {
      const dx = x[aim[i]] - x[i];
      const dy = y[aim[i]] - y[i];
      if (dx * dx + dy * dy <= RANGE[night] * RANGE[night]) {
        if (now >= ready[i]) shoot(i, aim[i], isqrt(dx * dx + dy * dy), now);
      } else if (order[i] !== STAND) {
        pace = headFor(i, cellAt(x[aim[i]], y[aim[i]]), x[aim[i]], y[aim[i]]);
      }
    } else if (order[i] !== STAND) {
      pace = headFor(i, goal[i], spotX[i], spotY[i]);
    }
    if (pace === 0) vx[i] = vy[i] = 0;
    step(i, pace);
  }

  /** Points vx, vy of this iteration towards a place, round what is in the way; the length. */
  function headFor(i, cell, px, py) {
    const here = cellAt(x[i], y[i]);
    const seen = here === cell ? cell : aheadOn(cell, here);
    let dx = px - x[i];
    let dy = py - y[i];
    if (seen >= 0 && seen !== cell) {
      dx = centre(seen % SIDE) - x[i];
      dy = centre(Math.trunc(seen / SIDE)) - y[i];
    }
    const far = isqrt(dx * dx + dy * dy);
    if (far === 0) return 0;
    const pace = Math.min(SPEED[terrain[here]], far);
    vx[i] = Math.trunc((dx * pace) / far);
    vy[i] = Math.trunc((dy * pace) / far);
    return pace;
  }

  function step(i, pace) {
    const oldX = x[i];
    const oldY = y[i];
    shove(i);
    const newX = clamp(oldX + vx[i] + shoveX, EDGE, LAST);
    const newY = clamp(oldY + vy[i] + shoveY, EDGE, LAST);
    if (PASSABLE[terrain[cellAt(newX, newY)]]) {
      x[i] = newX;
      y[i] = newY;
    } else if (PASSABLE[terrain[cellAt(newX, oldY)]]) {
      x[i] = newX; // along the shore
    } else if (PASSABLE[terrain[cellAt(oldX, newY)]]) {
      y[i] = newY;
    }
    vx[i] = x[i] - oldX;
    vy[i] = y[i] - oldY;
    if (pace > 0 && aim[i] < 0) arrive(i, pace);
  }

  /** There, or as near as the others let one come: stand. */
  function arrive(i, pace) {
    const dx = spotX[i] - x[i];
    const dy = spotY[i] - y[i];
    const far = dx * dx + dy * dy;
    stuck[i] = 4 * (vx[i] * vx[i] + vy[i] * vy[i]) < pace * pace ? stuck[i] + 1 : 0;
    const near = far < 48 * POINTS * 48 * POINTS;
    if (far <= 4 * POINTS * POINTS || (near && stuck[i] > 8)) {
      set(i, STAND, -1);
    } else if (stuck[i] > GIVE_UP) {
      const [gx, gy] = [centre(goal[i] % SIDE), centre(Math.trunc(goal[i] / SIDE))];
      if (spotX[i] === gx && spotY[i] === gy) set(i, STAND, -1);
      [spotX[i], spotY[i], stuck[i]] = [gx, gy, 0];
    }
  }

  let shoveX = 0;
  let shoveY = 0;

  /** How far the neighbours push an archer aside in this iteration. */
  function shove(i) {
    shoveX = shoveY = 0;
    const col = Math.trunc(x[i] / FINE);
    const row = Math.trunc(y[i] / FINE);
    const right = Math.min(col + 1, FINE_SIDE - 1);
    const bottom = Math.min(row + 1, FINE_SIDE - 1);
    for (let r = Math.max(row - 1, 0); r <= bottom; r += 1) {
      for (let c = Math.max(col - 1, 0); c <= right; c += 1) {
        for (let j = heads[r * FINE_SIDE + c]; j >= 0; j = next[j]) {
          if (j === i) continue;
          const dx = x[i] - x[j];
          const dy = y[i] - y[j];
          const far = dx * dx + dy * dy;
          if (far >= ELBOW * ELBOW) continue;
          if (far === 0) {
            shoveX += i < j ? -8 : 8; // on the very same point
            shoveY += i & 1 ? -8 : 8;
            continue;
          }
          const distance = isqrt(far);
          shoveX += Math.trunc((dx * (ELBOW - distance)) / (4 * distance));
          shoveY += Math.trunc((dy * (ELBOW - distance)) / (4 * distance));
        }
      }
    }
    shoveX = clamp(shoveX, -20, 20);
    shoveY = clamp(shoveY, -20, 20);
  }

  /** The nearest living enemy within `reach`, the lowest number of equals; -1 for none. */
  function nearestEnemy(i, reach) {
    const own = 1 << army[i];
    const col = Math.trunc(x[i] / COARSE);
    const row = Math.trunc(y[i] / COARSE);
    const rings = Math.trunc(reach / COARSE) + 1;
    let best = -1;
    let near = reach * reach + 1;
    for (let ring = 0; ring <= rings; ring += 1) {
      // Nothing in this ring is nearer than ring - 1 whole cells.
      const least = Math.max(ring - 1, 0) * COARSE;
      if (near < least * least) break;
      for (let dy = -ring; dy <= ring; dy += 1) {
        const r = row + dy;
        if (r < 0 || r >= COARSE_SIDE) continue;
        const across_ = dy === -ring || dy === ring ? 1 : 2 * ring; // the sides of the ring only
        for (let dx = -ring; dx <= ring; dx += across_) {
          const c = col + dx;
          if (c < 0 || c >= COARSE_SIDE) continue;
          const cell = r * COARSE_SIDE + c;
          if ((armiesFar[cell] & ~own) === 0) continue;
          for (let j = headsFar[cell]; j >= 0; j = nextFar[j]) {
            if (army[j] === army[i] || hp[j] <= 0) continue;
            const ex = x[j] - x[i];
            const ey = y[j] - y[i];
            const far = ex * ex + ey * ey;
            if (far < near || (far === near && j < best)) {
              near = far;
              best = j;
            }
          }
        }
      }
    }
    return best;
  }

  /** Lets an arrow fly to where the enemy will be if it walks on, more or less. */
  function shoot(i, enemy, distance, now) {
    const flight = 3 + Math.trunc(distance / ARROW_SPEED);
    const spread = Math.trunc(distance / 22);
    fromX[i] = x[i];
    fromY[i] = y[i];
    toX[i] = x[enemy] + vx[enemy] * flight + dice.between(-spread, spread);
    toY[i] = y[enemy] + vy[enemy] * flight + dice.between(-spread, spread);
    shot[i] = now;
    lands[i] = now + flight;
    ready[i] = now + RELOAD + dice.below(10);
  }

  function land(i) {
    const px = clamp(toX[i], 0, FIELD * POINTS - 1);
    const py = clamp(toY[i], 0, FIELD * POINTS - 1);
    const col = Math.trunc(px / FINE);
    const row = Math.trunc(py / FINE);
    let hit = -1;
    let near = HIT * HIT + 1;
    for (let r = Math.max(row - 1, 0); r <= Math.min(row + 1, FINE_SIDE - 1); r += 1) {
      for (let c = Math.max(col - 1, 0); c <= Math.min(col + 1, FINE_SIDE - 1); c += 1) {
        for (let j = heads[r * FINE_SIDE + c]; j >= 0; j = next[j]) {
          if (army[j] === army[i] || hp[j] <= 0) continue;
          const dx = x[j] - px;
          const dy = y[j] - py;
          const far = dx * dx + dy * dy;
          if (far < near || (far === near && j < hit)) [hit, near] = [j, far];
        }
      }
    }
    if (hit < 0) return;
    if (terrain[cellAt(x[hit], y[hit])] === WOOD && dice.below(2) === 0) return;
    hp[hit] -= dice.between(9, 17);
  }

  /** Who has left the room lays down arms: that army is gone, for everyone at the same turn. */
  function surrender(taken) {
    seats.forEach((seat, own) => {
      if (!taken.includes(seat)) hp.fill(0, own * each, (own + 1) * each);
    });
  }

  /** The signal of the end, once: one army is left, or none. */
  function ending() {
    if (state[FINISHED]) return [];
    const alive = seats.filter((_, own) => {
      for (let i = own * each; i < (own + 1) * each; i += 1) if (hp[i] > 0) return true;
      return false;
    });
    if (alive.length > 1) return [];
    state[FINISHED] = 1;
    return [{ name: "over", body: { winner: alive.length === 1 ? alive[0] : -1 } }];
  }

  const isNight = (states) => (states.includes("running.iterating.night") ? 1 : 0);

  return {
    check({ setup, seats: taken }) {
      const reasons = [];
      if (taken.length < 2 || taken.length > 8) reasons.push(`archers needs 2 to 8 players, not ${taken.length}`);
      const all = taken.length * setup.archers;
      const holds = HOLDS[setup.map];
      if (holds === undefined) reasons.push(`there is no map called "${setup.map}"`);
      else if (all > holds) {
        const most = Math.trunc(holds / taken.length);
        reasons.push(`the ${setup.map} have room for ${holds} archers, but ${taken.length} armies of ${setup.archers} need ${all}: ` +
          `choose ${most} or fewer for each army`);
      }
      return reasons;
    },

    init({ setup, seats: taken, seed, states }) {
      map = setup.map;
      each = setup.archers;
      seats = taken.map(({ seat }) => seat);
      count = seats.length * each;
      lay();
      dice = new kit.Random(seed);
      makeTerrain(dice);
      link();
      deploy();
      state[NIGHT] = isNight(states ?? []);
    },

    step({ iterations, commands, states, seats: taken }) {
      state[NIGHT] = isNight(states);
      surrender(taken);
      for (const command of commands) obey(command);
      for (let n = 0; n < iterations; n += 1) iterate();
      return ending();
    },

    checksum() {
      state.set(dice.state(), DICE);
      return kit.hash32(state);
    },

    snapshot() {
      state.set(dice.state(), DICE);
      const value = new Array(state.length); // a loop is three times as fast as Array.from
      for (let n = 0; n < state.length; n += 1) value[n] = state[n];
      return value;
    },

    /** After init with the same setup, seats and seed. */
    restore(value) {
      state.set(value);
      dice.restore(value.slice(DICE, DICE + 4).map((word) => word >>> 0));
    },

    /**
     * seats: by army; each: archers per army; archer i is of army i / each, whole part.
     * x, y: in points, 16 to a pace of the field; hp: 0 for the dead; walks: 1 or 0.
     * arrows: seven numbers for each that flew in the last second: from x, y, to x, y, the
     * iterations of its shot and its landing, its archer.
     * terrain: 64 x 64 cells of 0 meadow, 1 wood, 2 ford, 3 water, 4 rock.
     */
    scene() {
      const now = state[ITERATION];
      const arrows = [];
      const walks = new Uint8Array(count);
      for (let i = 0; i < count; i += 1) {
        if (hp[i] > 0 && order[i] !== STAND && (vx[i] !== 0 || vy[i] !== 0)) walks[i] = 1;
        if (lands[i] > now - 20) arrows.push(fromX[i], fromY[i], toX[i], toY[i], shot[i], lands[i], i);
      }
      return {
        iteration: now,
        night: state[NIGHT] === 1,
        finished: state[FINISHED] === 1,
        seats: [...seats],
        each,
        field: FIELD,
        points: POINTS,
        sight: Math.trunc(SIGHT[state[NIGHT]] / POINTS),
        x: Uint16Array.from(x),
        y: Uint16Array.from(y),
        hp: Uint8Array.from(hp, (left) => Math.max(left, 0)),
        walks,
        arrows: Int32Array.from(arrows),
        terrain: terrain.slice(),
      };
    },
  };
};
