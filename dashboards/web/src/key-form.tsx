import { createSignal, Show } from 'solid-js';
import { alperf } from './commands.js';

/** Asks for an API key where the server needs one. It stays in this tab. */
export function KeyForm(props: { refused: boolean; useKey: (key: string) => void }) {
  const [key, setKey] = createSignal('');
  return (
    <section class="first" aria-labelledby="key-title">
      <h2 id="key-title">This server needs a key</h2>
      <p>
        One with the scope <code>read</code>. It is kept in this tab only. To make one, with the server's keys file:{' '}
        <code>{alperf('keys create --id me --scopes read --file keys.yaml')}</code>
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          props.useKey(key().trim());
        }}
      >
        <label>
          Key
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
            value={key()}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Show the pipeline</button>
      </form>
      <Show when={props.refused}>
        <p class="problem" role="alert">
          The key is not valid here, or may not read.
        </p>
      </Show>
    </section>
  );
}
