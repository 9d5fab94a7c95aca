'use strict';
// What a client is told when a handler gave no answer of its own: problem+json, as the hub.

const { Encoded } = require('./encoded.js');
const { SlotwayError, CODES } = require('./errors.js');
const { BadBody } = require('./bad_body.js');
const log = require('./log.js');

const HEADERS = new Encoded(['content-type', 'application/problem+json']);

/** Status and title of each kind. A code is never renamed and never used again. */
const KINDS = {
  handler_failed: [500, "The worker's handler failed"],
  no_answer: [500, 'The worker gave no answer'],
  bad_answer: [502, "The worker's answer is not valid"],
  bad_body: [400, "The request's body cannot be used"],
};

/** Answers with a problem, if there is still somebody to be told. */
function answerProblem(exchange, code, detail) {
  const [status, title] = KINDS[code];
  if (exchange.answered) return;
  try {
    if (exchange.started) {
      exchange.abort();
      return;
    }
    const type = `urn:slotway:problem:${code}`;
    const body = JSON.stringify({ type, title, status, detail, code });
    exchange.respond(status, HEADERS, body);
  } catch (error) {
    if (!(error instanceof SlotwayError)) throw error;
    log.debug(`nobody waits for the answer: ${error.message}`);
  }
}

/** What Node says when a stream was ended before its end. */
const ENDED = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];

/** What slotway says when the client or the hub is gone. */
const GONE = [CODES.cancelled, CODES.hub_gone, CODES.body_aborted];

/** Whether an error says no more than that the client or the hub is gone. */
function isOver(exchange, error) {
  if (error instanceof SlotwayError) return GONE.includes(error.code) || exchange.cancelled;
  return exchange.cancelled && (error?.name === 'AbortError' || ENDED.includes(error?.code));
}

/** Answers for a handler that threw. The stack goes to the log and nowhere else. */
function handlerFailed(exchange, route, error) {
  if (isOver(exchange, error)) {
    log.debug(`${route}: nobody waits for the answer: ${error.message}`);
    answerProblem(exchange, 'no_answer', 'The request is over.');
  } else if (error instanceof BadBody) {
    answerProblem(exchange, 'bad_body', error.message);
  } else {
    log.error(`${route}: the handler failed`, error);
    const detail = "The handler threw an error; the worker's log has it.";
    answerProblem(exchange, 'handler_failed', detail);
  }
}

/** Answers for a handler that came to its end without an answer. */
function noAnswer(exchange, route) {
  log.error(`${route}: the handler gave no answer; give back null for 204`);
  answerProblem(exchange, 'no_answer', 'The handler came to its end without an answer.');
}

/** Answers for an answer that cannot be sent. */
function notSent(exchange, route, error) {
  if (isOver(exchange, error)) {
    log.debug(`${route}: nobody waits for the answer: ${error.message}`);
    answerProblem(exchange, 'no_answer', 'The request is over.');
    return;
  }
  log.error(`${route}: the handler's answer cannot be sent`, error);
  answerProblem(exchange, 'bad_answer', `The answer cannot be sent: ${error?.message}.`);
}

module.exports = { answerProblem, handlerFailed, noAnswer, notSent, isOver };
