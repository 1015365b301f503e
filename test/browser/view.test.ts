import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { choiceProblem, type Place, readHash, View } from '../../src/browser/page/view.ts';

/** A window with an address and a history, as far as a view needs them. */
class FakePlace implements Place {
  readonly location = { hash: '', pathname: '/', search: '?a=b' };
  readonly steps: string[] = [];
  #follow: (() => void)[] = [];
  readonly history = {
    pushState: (_data: unknown, _unused: string, url: string) => this.#written('push', url),
    replaceState: (_data: unknown, _unused: string, url: string) => this.#written('replace', url),
  };

  constructor(hash = '') {
    this.location.hash = hash;
  }

  addEventListener(_type: 'hashchange', listener: () => void): void {
    this.#follow.push(listener);
  }

  go(hash: string): void {
    this.location.hash = hash;
    for (const listener of this.#follow) listener();
  }

  #written(how: string, url: string): void {
    this.steps.push(`${how} ${url}`);
    this.location.hash = url.includes('#') ? url.slice(url.indexOf('#')) : '';
  }
}

describe('the view in the address', () => {
  test('a link says what was seen, whatever the names have in them', () => {
    const place = new FakePlace();
    const view = new View(place);
    const seen = {
      channels: ['button', 'room-*', 'a,b&c=d#e', 'דלת'],
      search: '50% & "more" 🎉',
      span: '1h',
    };
    view.set(seen);
    assert.deepEqual(place.steps.length, 1);
    assert.match(place.steps[0] ?? '', /^push \/\?a=b#channels=button,room-\*,/);
    const there = new View(new FakePlace(view.hash));
    assert.deepEqual({ channels: there.channels, search: there.search, span: there.span }, seen);
  });

  test('nothing chosen leaves no trace in the address', () => {
    const place = new FakePlace('#channels=a&search=b&span=1h');
    const view = new View(place);
    view.set({ channels: [], search: '', span: undefined });
    assert.deepEqual(place.steps, ['push /?a=b']);
    assert.equal(view.hash, '');
  });

  test('back and forward change the view, and say what has changed', () => {
    const place = new FakePlace();
    const view = new View(place);
    const changes: string[][] = [];
    const forget = view.watch((changed) => changes.push([...changed]));
    view.set({ channels: ['a'] });
    view.set({ channels: ['a'], search: 'x' });
    place.go('#channels=a');
    assert.deepEqual([view.channels, view.search], [['a'], '']);
    place.go('');
    assert.deepEqual(view.channels, []);
    assert.deepEqual(changes, [['channels'], ['search'], ['search'], ['channels']]);
    forget();
    place.go('#channels=b');
    assert.equal(changes.length, 4);
  });

  test('a comma in a name is no border between two', () => {
    const view = new View(new FakePlace('#channels=a%2Cb'));
    const changes: string[][] = [];
    view.watch((changed) => changes.push([...changed]));
    view.set({ channels: ['a', 'b'] });
    assert.deepEqual([view.channels, changes], [['a', 'b'], [['channels']]]);
  });

  test('what is chosen again changes nothing', () => {
    const place = new FakePlace('#channels=a');
    const view = new View(place);
    view.watch(() => assert.fail('nothing has changed'));
    view.set({ channels: ['a'] });
    assert.deepEqual(place.steps, []);
  });

  test('what is typed makes no step of the history for each letter', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const place = new FakePlace();
    const view = new View(place);
    for (const search of ['k', 'ki', 'kit']) {
      view.set({ search }, { typed: true });
      assert.equal(view.search, search, 'it counts at once');
    }
    t.mock.timers.tick(300);
    assert.deepEqual(place.steps, ['replace /?a=b#search=kit']);
    // A choice while the typing still waits says both, once.
    view.set({ search: 'kite' }, { typed: true });
    view.set({ channels: ['a'] });
    t.mock.timers.tick(300);
    assert.deepEqual(place.steps.slice(1), ['push /?a=b#channels=a&search=kite']);
  });

  test('a place on the page is no view: a skip link takes nothing away', () => {
    const place = new FakePlace('#channels=a');
    const view = new View(place);
    place.go('#feed');
    assert.deepEqual(view.channels, ['a']);
    assert.deepEqual(new View(new FakePlace('#feed')).channels, []);
  });

  test('garbled addresses are no error: what can be understood counts', () => {
    const nothing = { channels: [], search: '', span: undefined };
    for (const hash of [
      '#%',
      '#=',
      '#=&=',
      '#&',
      '#channels',
      '#channels=',
      '#channels=,,',
      '#channels=%E0%A4%A',
    ]) {
      assert.deepEqual(readHash(hash) ?? nothing, nothing, hash);
    }
    assert.deepEqual(readHash('#channels=a,%E0%A4%A,b%0Ac,__x,a,d&search=%&span=<b>&more=1'), {
      channels: ['a', 'd'],
      search: '',
      span: undefined,
    });
    assert.deepEqual(
      ['1m', '24h', '7d', 'constructor', ''].map((span) => readHash(`#span=${span}`)?.span),
      ['1m', '24h', undefined, undefined, undefined],
    );
    assert.equal(readHash(`#search=${'x'.repeat(9_000)}`)?.search.length, 200);
    const names = Array.from({ length: 500 }, (_, i) => `c${i}`);
    assert.equal(readHash(`#channels=${names.join(',')}`)?.channels.length, 60);
    assert.equal(readHash(`#channels=${names.map((name) => `${name}*`).join(',')}`)?.channels.length, 8);
  });

  test('a browser that refuses to write its address changes nothing for the page', () => {
    const place = new FakePlace();
    place.history.pushState = () => {
      throw new Error('too often');
    };
    const view = new View(place);
    view.set({ channels: ['a'] });
    assert.deepEqual(view.channels, ['a']);
  });

  test('a choice that a stream would refuse is refused with its reason', () => {
    assert.equal(choiceProblem(['a', 'room-*']), undefined);
    assert.match(choiceProblem(['']) ?? '', /1 to 200 bytes/);
    assert.match(choiceProblem(['ä'.repeat(101)]) ?? '', /1 to 200 bytes/);
    assert.match(choiceProblem(['a\u0085b']) ?? '', /control characters/);
    assert.match(choiceProblem(['*a*b*c*d*']) ?? '', /at most 4/);
    assert.match(choiceProblem(['pinstream:x']) ?? '', /cannot be heard/);
    assert.match(choiceProblem(Array.from({ length: 9 }, (_, i) => `${i}*`)) ?? '', /At most 8 patterns/);
  });
});
