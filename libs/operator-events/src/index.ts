export { appendOperatorEvents } from './append-operator-events.js';
