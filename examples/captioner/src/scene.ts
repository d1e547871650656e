import { createRandom } from './random.ts';
import { COLORS, COLUMNS, DIRECTIONS, type Direction, ROWS, SHAPES, SIZES, type Thing } from './world.ts';

/** A world in which, frame by frame, one thing happens or nothing. It never ends. */
export interface Scene {
  /** What there is now; `draw` makes a frame of it. */
  readonly things: readonly Thing[];
  /**
   * Lets the next thing happen and gives what is to be said of it. To know that, one has to see the newest frame and
   * remember what was said before.
   */
  next(): string;
}

/** Shapes at a time. */
const MOST = 3;
/** Frames after which a shape that nothing was said of does something. */
const PATIENCE = 10;

/** The scene of a seed, 0 … 2³² − 1; `train/scenes.py` makes the same of it. */
export function createScene(seed: number): Scene {
  const random = createRandom(seed);
  const things: Thing[] = [];
  let mover: Thing | undefined;

  const appear = (): string => {
    const free = PLACES.filter(
      ([row, column]) => !things.some((thing) => thing.row === row && thing.column === column),
    );
    const color = random.of(keys(COLORS).filter((name) => things.every((thing) => thing.color !== name)));
    const [size, shape] = [random.of(keys(SIZES)), random.of(SHAPES)];
    const [row, column] = random.of(free);
    const thing: Thing = { size, color, shape, row, column, x: 0, y: 0, heading: undefined, quiet: 0 };
    settle(thing);
    things.push(thing);
    return `a ${size} ${color} ${shape} appears at ${placeOf(thing)}`;
  };

  const remove = (thing: Thing): void => {
    things.splice(things.indexOf(thing), 1);
  };

  const vanish = (): string => {
    const thing = random.of(things);
    remove(thing);
    return `${nameOf(thing)} vanishes`;
  };

  const move = (thing: Thing): string => {
    const ways = keys(DIRECTIONS).filter((way) => {
      const [down, right] = DIRECTIONS[way];
      return isPlace(thing.row + down) && isPlace(thing.column + right);
    });
    const way = goesOn(thing.heading, ways) ?? random.of(ways);
    thing.row += DIRECTIONS[way][0];
    thing.column += DIRECTIONS[way][1];
    settle(thing);
    mover = thing;
    thing.quiet = 0;
    const other = things.find((one) => one !== thing && one.row === thing.row && one.column === thing.column);
    if (other) {
      remove(other);
      thing.heading = undefined;
      return `${nameOf(thing)} swallows ${nameOf(other)} at ${placeOf(thing)}`;
    }
    const again = thing.heading === way ? ' again' : '';
    thing.heading = way;
    return `${nameOf(thing)} moves ${way}${again} to ${placeOf(thing)}`;
  };

  /** Shapes like to keep their direction where they can. */
  const goesOn = (heading: Direction | undefined, ways: readonly Direction[]): Direction | undefined =>
    heading !== undefined && ways.includes(heading) && random.below(4) > 0 ? heading : undefined;

  /** Pixels: a few next to the middle of its place, so that no two frames are alike. */
  const settle = (thing: Thing): void => {
    thing.x = 20 + 36 * thing.column + random.below(7) - 3;
    thing.y = 20 + 36 * thing.row + random.below(7) - 3;
  };

  return {
    things,
    next() {
      for (const thing of things) thing.quiet++;
      const forgotten = things.find(({ quiet }) => quiet >= PATIENCE);
      if (things.length === 0) return appear();
      if (forgotten) return move(forgotten);
      const dice = random.below(100);
      if (dice < 8) return 'nothing moves';
      if (dice < 16 && things.length > 1) return vanish();
      if (dice < 40 && things.length < MOST) return appear();
      return move(mover && things.includes(mover) && random.below(2) === 0 ? mover : random.of(things));
    },
  };
}

const PLACES = ROWS.flatMap((_, row) => COLUMNS.map((_, column) => [row, column] as const));

function isPlace(index: number): boolean {
  return index >= 0 && index < 3;
}

function nameOf({ color, shape }: Thing): string {
  return `the ${color} ${shape}`;
}

function placeOf({ row, column }: Thing): string {
  return `the ${ROWS[row]} ${COLUMNS[column]}`;
}

/** In the order in which they are written, which Python shares. */
function keys<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(record) as K[]; // the tables of world.ts have no other keys than their types say
}
