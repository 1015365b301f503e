// Loaded into a process whose wall clock shall be wrong: each SIGUSR2 sets it back by another hour. What measures a time, and
// not a date, goes on as before.
let behind = 0;
const RealDate = Date;

class WrongDate extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() - behind);
    else super(...given);
  }

  static now() {
    return RealDate.now() - behind;
  }
}

globalThis.Date = WrongDate;
process.on('SIGUSR2', () => {
  behind += 3_600_000;
});
