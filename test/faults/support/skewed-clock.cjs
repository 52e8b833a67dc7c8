// node --require: the wall clock of this process is wrong by LEADGATE_TEST_SKEW_SECONDS, from the start, or with
// LEADGATE_TEST_SKEW_ON=SIGUSR2 between two such signals. Node's monotonic clock is right, as on a machine whose time is set.
const skewMs = Number(process.env.LEADGATE_TEST_SKEW_SECONDS) * 1000;
const signal = process.env.LEADGATE_TEST_SKEW_ON;
const RightDate = Date;
let offset = signal === undefined ? skewMs : 0;
if (signal !== undefined) process.on(signal, () => (offset = offset === 0 ? skewMs : 0));

globalThis.Date = class Date extends RightDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RightDate.now() + offset] : given));
  }
  static now() {
    return RightDate.now() + offset;
  }
};
