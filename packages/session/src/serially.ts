/** Runs jobs one after another, in the order they were given; a failed job does not stop the next. */
export function serially(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const next = last.then(job, job);
    last = next;
    return next;
  };
}
