export { appendOperatorEvents } from './append-operator-events.js';
export { OperatorEventsModule } from './operator-events.module.js';
export { type EventsWanted, type ListedEvent, readOperatorEvents } from './pg-read-events.js';
export { type AlarmState, setAlarm } from './set-alarm.js';
export { TellOperators } from './telling/tell-operators.js';
export { keepResult, readResult, takeTurn } from './watching/pg-watches.js';
export { WatchGateway } from './watching/watch-gateway.js';
