// The bare relay in node, on the package `ws`: it gathers the packets of a room and broadcasts them,
// as relay.py does, by the same clock.
//
//     node relay.cjs SEATS WIRE TURN_MS AHEAD
"use strict";

const http = require("node:http");
const path = require("node:path");
const { createRequire } = require("node:module");

const { WebSocketServer } = createRequire(path.join(process.cwd(), "here.cjs"))("ws");

const ITERATIONS = 2;

if (process.argv[2] === "--version") {
  console.log(process.versions.node);
  process.exit(0);
}
const [seats, wire, turnMs, ahead] = process.argv.slice(2).map((word) => (/^\d+$/.test(word) ? Number(word) : word));

/** Reads the types of MessagePack that packets are made of: whole numbers, strings and arrays. */
class Reader {
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  string(size) {
    this.at += size;
    return this.data.toString("utf8", this.at - size, this.at);
  }

  array(size) {
    const made = new Array(size);
    for (let i = 0; i < size; i += 1) made[i] = this.value();
    return made;
  }

  number(size) {
    this.at += size;
    return this.data.readUIntBE(this.at - size, size);
  }

  value() {
    const type = this.data[this.at];
    this.at += 1;
    if (type < 0x80) return type;
    if (type >= 0x90 && type < 0xa0) return this.array(type & 15);
    if (type >= 0xa0 && type < 0xc0) return this.string(type & 31);
    if (type === 0xcc) return this.number(1);
    if (type === 0xcd) return this.number(2);
    if (type === 0xce) return this.number(4);
    if (type === 0xd9) return this.string(this.number(1));
    if (type === 0xda) return this.string(this.number(2));
    if (type === 0xdc) return this.array(this.number(2));
    throw new Error(`a packet with the type ${type}`);
  }
}

/** Writes the same types. */
class Writer {
  constructor() {
    this.data = Buffer.allocUnsafe(65536);
    this.at = 0;
  }

  head(small, limit, wide, size) {
    if (size < limit) this.data[this.at] = small | size;
    else {
      this.data[this.at] = wide;
      this.at = this.data.writeUInt16BE(size, this.at + 1) - 1;
    }
    this.at += 1;
  }

  value(value) {
    if (Array.isArray(value)) {
      this.head(0x90, 16, 0xdc, value.length);
      for (const one of value) this.value(one);
    } else if (typeof value === "string") {
      const size = Buffer.byteLength(value);
      if (this.at + size + 16 > this.data.length) this.grow(size);
      this.head(0xa0, 32, 0xda, size);
      this.at += this.data.write(value, this.at);
    } else if (value < 0x80) {
      this.data[this.at] = value;
      this.at += 1;
    } else {
      this.data[this.at] = 0xce;
      this.at = this.data.writeUInt32BE(value, this.at + 1);
    }
  }

  grow(size) {
    const larger = Buffer.allocUnsafe(2 * this.data.length + size);
    this.data.copy(larger);
    this.data = larger;
  }

  whole(value) {
    this.at = 0;
    this.value(value);
    return Buffer.from(this.data.subarray(0, this.at));
  }
}

const writer = new Writer();

const packed = {
  read(data) {
    const said = new Reader(data).value();
    return [said[0], said[1]];
  },
  write(generation, heard) {
    return writer.whole([generation, generation, ITERATIONS, turnMs, ahead, heard.map((said, seat) => [seat, said]), 0, 0]);
  },
};

const plain = {
  read(data) {
    const said = JSON.parse(data.toString());
    return [Number(said.path.slice(7)), said.body.commands];
  },
  write(generation, heard) {
    return JSON.stringify({
      event: "turn",
      seq: generation,
      path: `/turns/${generation}`,
      body: {
        generation,
        iterations_per_command: ITERATIONS,
        turn_ms: turnMs,
        ahead,
        commands: heard.map((commands, seat) => ({ seat, commands })),
        chart: null,
        checksum: null,
        absent: [],
        late: [],
      },
    });
  },
};

const { read, write } = wire === "json" ? plain : packed;

class Room {
  constructor() {
    this.sockets = new Set();
    this.generation = 1;
    this.heard = new Map();
    this.due = null;
    this.waits = false;
  }

  keep(seat, generation, commands) {
    let turn = this.heard.get(generation);
    if (turn === undefined) this.heard.set(generation, (turn = { count: 0, commands: new Array(seats) }));
    turn.commands[seat] = commands;
    turn.count += 1;
    if (turn.count < seats || generation !== this.generation) return;
    if (this.due === null) this.close();
    else if (this.waits) this.close();
  }

  close() {
    const turn = this.heard.get(this.generation);
    this.waits = turn === undefined || turn.count < seats;
    if (this.waits) return;
    this.heard.delete(this.generation);
    const frame = write(this.generation, turn.commands);
    this.generation += 1;
    for (const socket of this.sockets) socket.send(frame);
    const now = performance.now();
    this.due = Math.max((this.due ?? now) + turnMs, now);
    setTimeout(() => this.close(), this.due - now);
  }
}

const rooms = new Map();
const server = http.createServer();
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: false,
  handleProtocols: (offered) => offered.values().next().value,
});

sockets.on("connection", (socket, request) => {
  const url = new URL(request.url, "http://127.0.0.1");
  if (!rooms.has(url.pathname)) rooms.set(url.pathname, new Room());
  const room = rooms.get(url.pathname);
  const seat = Number(url.searchParams.get("seat") ?? -1);
  room.sockets.add(socket);
  socket.on("message", (data) => room.keep(seat, ...read(data)));
  socket.on("close", () => room.sockets.delete(socket));
});

server.listen(0, "127.0.0.1", 1024, () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
