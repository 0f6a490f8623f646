/** @import { Problem } from "../gameroom.js" */

/** The body of a refusal, by the server or this client (RFC 9457; docs/wire.md lists the codes).
 * @param {string} code
 * @param {string} detail
 * @returns {Problem} */
export const problem = (code, detail, status = 503) =>
  ({ status, code, detail, title: detail, type: `urn:gameroom:problem:${code}` });

/** A refusal by the server. problem: its body (RFC 9457). */
export class RoomError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title ?? "The server refused the request.");
    this.name = "RoomError";
    this.problem = problem;
  }
}
