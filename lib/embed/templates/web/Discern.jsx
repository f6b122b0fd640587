[% if input == "img" %]
import {useRef, useState} from 'react';
[% else %]
import {useEffect, useRef, useState} from 'react';
[% endif %]
import {createClassifier, idle} from './discern/classifier.js';
import {model} from './discern/model.js';
[% if input == "file" %]
import {fromFile} from './discern/photo.js';
[% elif input == "camera" %]
import {fromVideo, startCamera} from './discern/photo.js';
[% else %]
import {fromImage} from './discern/photo.js';
[% endif %]
import {percent} from './discern/verdict.js';
import {words} from './discern/words.js';
import './discern/style.css';

export default function Discern() {
  const [state, setState] = useState(idle);
  const [classify] = useState(() => createClassifier(setState));
  const last = useRef(null);
[% if input == "file" %]
  const [preview, setPreview] = useState(null);
  useEffect(() => () => preview && URL.revokeObjectURL(preview.address), [preview]);
[% elif input == "camera" %]
  const video = useRef(null);
  const switchOff = useRef(() => {});
  const [isOn, setIsOn] = useState(false);
  useEffect(() => () => switchOff.current(), []);
[% else %]
  const image = useRef(null);
[% endif %]

  function look(open) {
    last.current = open;
    classify(open);
  }

[% if input == "file" %]
  function pick({target}) {
    const [file] = target.files;
    if (!file) return;
    setPreview({address: URL.createObjectURL(file), name: file.name});
    look(() => fromFile(file));
  }
[% elif input == "camera" %]
  async function start() {
    try {
      switchOff.current = await startCamera(video.current);
      setIsOn(true);
    } catch (error) {
      setState({...idle, status: error.message});
    }
  }

  function stop() {
    switchOff.current();
    setIsOn(false);
  }
[% endif %]

  return (
    <section className="discern" aria-label={model.name}>
[% if input == "file" %]
      <label>
        {words.choose}{' '}
        <input
          type="file"
          accept="image/*"
          onClick={({target}) => { target.value = ''; }}
          onChange={pick}
        />
      </label>
      {preview && <img src={preview.address} alt={preview.name} onError={() => setPreview(null)} />}
[% elif input == "camera" %]
      <video ref={video} muted playsInline hidden={!isOn} aria-label={words.camera} />
      {!isOn && <button type="button" className="start" onClick={start}>{words.start}</button>}
      {isOn && (
        <button type="button" className="take" onClick={() => look(() => fromVideo(video.current))}>{words.take}</button>
      )}
      {isOn && <button type="button" className="stop" onClick={stop}>{words.stop}</button>}
[% else %]
      <img ref={image} src="photo.jpg" crossOrigin="anonymous" alt={words.photo} />
      <button type="button" className="classify" onClick={() => look(() => fromImage(image.current))}>
        {words.classify}
      </button>
[% endif %]
      <p role="status" data-verdict={state.kind}>{state.status}</p>
      <progress max={1} value={state.progress ?? undefined} hidden={!state.busy} aria-label={words.loading} />
      <button type="button" className="retry" hidden={!state.failed} onClick={() => look(last.current)}>
        {words.retry}
      </button>
      <ol aria-label={words.classes}>
        {state.predictions.map(({index, label, probability}) => (
          <li key={index}>
            <span className="bar" aria-hidden="true" style={{'--share': probability}} />
            {`${label} ${percent(probability)}`}
          </li>
        ))}
      </ol>
    </section>
  );
}
