/**
 * Noughts and crosses: an engine as small as an engine can be.
 *
 * It knows no page, no network and no clock: it is told everything by `step`, and two
 * engines that are told the same hold the same state. Illegal moves are ignored here,
 * in the engine, because only the engine knows whose turn it is.
 */

const LINES = [
  [0, 1, 2], [3, 4, 5], [6, 7, 8], // rows
  [0, 3, 6], [1, 4, 7], [2, 5, 8], // columns
  [0, 4, 8], [2, 4, 6], // diagonals
];

const lineOf = (cells) =>
  LINES.find(([a, b, c]) => cells[a] !== "" && cells[a] === cells[b] && cells[b] === cells[c]) ?? [];

export default (kit) => {
  let byLot; // from the setup
  let x; // the seat that plays x; the other one plays o
  let dice;
  let game; // all that a move can change: plain values only

  function deal() {
    const turn = byLot ? dice.pick(["x", "o"]) : "x";
    game = { cells: Array(9).fill(""), turn, winner: "" };
  }

  return {
    check({ seats }) {
      return seats.length === 2 ? [] : [`noughts and crosses needs 2 players, not ${seats.length}`];
    },

    init({ setup, seats, seed }) {
      byLot = setup.first === "drawn by lot";
      x = seats[0].seat;
      dice = new kit.Random(seed);
      deal();
    },

    step({ commands, states }) {
      if (states.includes("running.iterating.dealing")) deal();
      const signals = [];
      for (const { seat, body } of commands) {
        const mark = seat === x ? "x" : "o";
        if (game.winner !== "" || mark !== game.turn || game.cells[body.cell] !== "") continue;
        game.cells[body.cell] = mark;
        game.turn = mark === "x" ? "o" : "x";
        if (lineOf(game.cells).length > 0) game.winner = mark;
        else if (!game.cells.includes("")) game.winner = "draw";
        if (game.winner !== "") signals.push({ name: "won", body: { winner: game.winner } });
      }
      return signals;
    },

    checksum() {
      return kit.checksum(this.snapshot());
    },

    snapshot() {
      return { ...game, cells: [...game.cells], dice: dice.state() };
    },

    restore({ cells, turn, winner, dice: state }) {
      game = { cells: [...cells], turn, winner };
      dice.restore(state);
    },

    scene() {
      return { ...game, cells: [...game.cells], line: lineOf(game.cells), x };
    },
  };
};
