// @ts-check
/**
 * What phones are told of their room (lib/server/room/state.py, `phone`). Types only: no browser loads this.
 *
 * @typedef {{ photo: number, src: string, answer: string }} Shot
 * @typedef {Shot & { hidden: boolean, guesses: number, rightGuesses: number }} Mine
 * @typedef {{ photo: number, src: string, options: { id: string, name: string }[], chosen: string, guessed: number, of: number }} Guess
 * @typedef {Shot & { by: string, isMine: boolean, chosen: string, chosenName: string, right: boolean | null, vote: boolean | null, votes: { right: number, wrong: number } }} Shown
 * @typedef {{ id: number, name: string, count: number, mine: number }} Klass
 * @typedef {object} State
 * @property {string} version
 * @property {string} answers
 * @property {"photos" | "shown" | "collect" | "ended"} phase
 * @property {number} round
 * @property {{ id: number, name: string, score: number } | null} me
 * @property {boolean} out
 * @property {boolean} locked
 * @property {boolean} paused
 * @property {boolean} score
 * @property {string} note
 * @property {{ id: string, name: string, query: string }} model
 * @property {Mine[]} mine
 * @property {number} most
 * @property {Guess[]} guess
 * @property {Shown[]} shown
 * @property {{ classes: Klass[], pinned: number | null } | null} collect
 * @property {string[]} [names]
 * @typedef {{ status: number, code?: string, detail?: string, [name: string]: any }} Told
 */
export {};
