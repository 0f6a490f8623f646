/**
 * The view of noughts and crosses: shows what the engine says, sends what the player wants.
 *
 * It never changes the game. A mark that was just asked for is drawn pale until the engine
 * has it or the server refuses it, so that a click is answered at once.
 */

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2126; --soft: #5b6670; --line: #c9d0d6; --paper: #fbfcfd;
  --x: #0a5fa8; --o: #b34700; --accent: #0a5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecef; --soft: #9aa6b0; --line: #3a444d;
  --paper: #14181c; --x: #6db8f5; --o: #f5a05c; --accent: #6db8f5; } }
.noughts { box-sizing: border-box; height: 100%; overflow: auto; padding: 16px; display: flex; flex-direction: column;
  align-items: center; justify-content: safe center; gap: 16px; background: var(--paper); color: var(--ink);
  font: 16px/24px system-ui, sans-serif; }
.noughts p { margin: 0; text-align: center; min-height: 24px; }
.noughts .who { color: var(--soft); font-size: 13px; line-height: 16px; }
.noughts .board { position: relative; width: min(100%, 320px, 64vh); min-width: 192px; aspect-ratio: 1; display: grid;
  grid-template-columns: repeat(3, 1fr); gap: 2px; background: var(--line); }
.noughts .cell { border: 0; padding: 0; margin: 0; min-width: 44px; min-height: 44px; background: var(--paper);
  color: inherit; cursor: pointer; }
.noughts .cell[aria-disabled=true] { cursor: default; }
.noughts .cell:focus-visible { outline: 3px solid var(--accent); outline-offset: -5px; }
.noughts svg { display: block; width: 100%; height: 100%; fill: none; stroke-width: 9; stroke-linecap: round; }
.noughts .x { stroke: var(--x); } .noughts .o { stroke: var(--o); } .noughts .asked { opacity: .35; }
.noughts .cell svg path, .noughts .cell svg circle { stroke-dasharray: 200; animation: draw .25s ease-out; }
.noughts .strike { position: absolute; inset: 0; pointer-events: none; stroke-width: 4; }
.noughts .strike line { stroke: var(--ink); stroke-dasharray: 400; animation: strike .4s ease-out; }
.noughts .again { display: flex; gap: 8px; min-height: 44px; }
.noughts .again button { min-height: 44px; padding: 0 16px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--paper); color: var(--ink); font: inherit; cursor: pointer; }
.noughts .again button:first-child { border-color: var(--accent); color: var(--accent); }
.noughts .again button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@keyframes draw { from { stroke-dashoffset: 200; } }
@keyframes strike { from { stroke-dashoffset: 400; } }
@media (prefers-reduced-motion: reduce) { .noughts * { animation: none !important; } }
`;
const MARKS = {
  x: '<svg viewBox="0 0 100 100" class="x"><path d="M28 28 72 72M72 28 28 72"/></svg>',
  o: '<svg viewBox="0 0 100 100" class="o"><circle cx="50" cy="50" r="24"/></svg>',
  "": "",
};
const PLACES = ["top left", "top", "top right", "left", "middle", "right", "bottom left", "bottom", "bottom right"];

export default (root, game) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  root.innerHTML = `<div class="noughts">
    <p class="news" role="status"></p>
    <div class="board" role="group" aria-label="the board"></div>
    <p class="who"></p>
    <div class="again"></div>
  </div>`;
  const part = (name) => root.querySelector(`.${name}`);

  let scene = null; // the last one shown
  let playing = false; // the room lets us place
  let over = false; // the room asks for a rematch
  let asked = -1; // the cell that was clicked and is not in the scene yet
  let answer = ""; // what this player said about a rematch

  const cells = PLACES.map((place, cell) => {
    const button = document.createElement("button");
    button.className = "cell";
    button.onclick = () => {
      if (!mayPlace(cell)) return;
      asked = cell;
      game.send("place", { cell });
      draw();
    };
    button.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -3, ArrowDown: 3 }[event.key];
      if (step) cells[(cell + step + 9) % 9].focus();
    };
    part("board").append(button);
    return button;
  });
  const buttons = ["again", "enough"].map((choice) => {
    const button = document.createElement("button");
    button.textContent = choice === "again" ? "Play again" : "Stop here";
    button.onclick = () => {
      answer = choice;
      game.send("rematch", { choice });
      draw();
    };
    return button;
  });

  const nameOf = (mark) =>
    game.seats.find(({ seat }) => (seat === scene.x) === (mark === "x"))?.name ?? mark;
  const mine = () => (game.seat === null ? "" : game.seat === scene.x ? "x" : "o");
  const mayPlace = (cell) =>
    playing && !scene.winner && asked < 0 && scene.turn === mine() && scene.cells[cell] === "";

  function news() {
    if (scene.winner === "draw") return "A draw.";
    if (scene.winner) return scene.winner === mine() ? "You won." : `${nameOf(scene.winner)} won.`;
    return scene.turn === mine() ? "Your turn." : `${nameOf(scene.turn)}'s turn.`;
  }

  const tell = (part_, text) => {
    if (part_.textContent !== text) part_.textContent = text; // a live region speaks on change
  };

  function draw() {
    tell(part("news"), answer === "again" && over ? "Waiting for the other player to agree." : news());
    tell(part("who"), `${nameOf("x")} plays crosses, ${nameOf("o")} plays noughts`);
    cells.forEach((button, cell) => {
      const mark = scene.cells[cell];
      const shown = mark || (cell === asked ? mine() : "");
      button.setAttribute("aria-label", `${PLACES[cell]}: ${{ x: "cross", o: "nought", "": "empty" }[shown]}`);
      button.setAttribute("aria-disabled", String(!mayPlace(cell)));
      if (button.dataset.mark !== shown) {
        button.dataset.mark = shown;
        button.innerHTML = MARKS[shown];
      }
      button.firstChild?.classList.toggle("asked", mark === "");
    });
    const struck = scene.line.length > 0;
    if (struck !== Boolean(part("strike"))) {
      part("strike")?.remove();
      if (struck) part("board").insertAdjacentHTML("beforeend", strike(scene.line));
    }
    const asking = over && game.seat !== null && answer === "";
    if (asking !== part("again").hasChildNodes()) part("again").replaceChildren(...(asking ? buttons : []));
  }

  function strike([from, , to]) {
    const [x1, x2] = [from, to].map((cell) => (cell % 3) * 100 + 50);
    const [y1, y2] = [from, to].map((cell) => Math.floor(cell / 3) * 100 + 50);
    return `<svg viewBox="0 0 300 300" class="strike"><line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/></svg>`;
  }

  // A seat of the demo plays by itself now and then. A view may use chance: what it sends is input.
  const demo = game.demo && setInterval(() => {
    const free = cells.filter((_, cell) => mayPlace(cell));
    if (free.length > 0) free[Math.floor(Math.random() * free.length)].click();
    else if (over && answer === "") buttons[0].click();
  }, 1500);

  return {
    show(next, { states }) {
      scene = next;
      if (asked >= 0 && (scene.cells[asked] !== "" || scene.turn !== mine())) asked = -1;
      playing = states.includes("running.iterating.playing");
      over = states.includes("running.iterating.over");
      if (!over) answer = "";
      draw();
    },
    refused({ name }) {
      if (name === "place") asked = -1;
      else answer = "";
      if (scene) draw();
    },
    close() {
      clearInterval(demo);
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    },
  };
};
