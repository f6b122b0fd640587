import {[% if input == "camera" %]useEffect, [% endif %][% if input != "file" %]useRef, [% endif %]useState} from 'react';
[% if complete %]

[[ code|trusted ]]
[% else %]
import {load[% if input == "camera" %], startCamera[% endif %]} from './discern.js';

[% endif %]
[% set made = "new Classifier(description)" if complete else "await load('model.json')" %]
let model;

export default function Discern() {
  const [shown, setShown] = useState({message: [[ words.idle|js ]]});
[% if input == "file" %]
  async function classify(photo) {
    model ??= [[ made|trusted ]];
    return model.classify(photo);
  }
  const look = async ({target}) => setShown(await classify(target.files[0]).catch(({message}) => ({message})));
[% elif input == "camera" %]
  const video = useRef(null), stop = useRef(null);
  useEffect(() => () => stop.current?.(), []);
  async function classify() {
    model ??= [[ made|trusted ]];
    stop.current = await startCamera(video.current, model.words);
    return model.classify(video.current);
  }
  const look = async () => setShown(await classify().catch(({message}) => ({message})));
[% else %]
  const image = useRef(null);
  async function classify() {
    model ??= [[ made|trusted ]];
    return model.classify(image.current);
  }
  const look = async () => setShown(await classify().catch(({message}) => ({message})));
[% endif %]
  return <>
[% if input == "file" %]
    <label>[[ words.choose|html ]] <input type="file" accept="image/*" onChange={look} /></label>
[% elif input == "camera" %]
    <video ref={video} muted playsInline /> <button onClick={look}>[[ words.take|html ]]</button>
[% else %]
    <img ref={image} src="photo.jpg" alt="[[ words.photo|html ]]" crossOrigin="anonymous" />
    <button onClick={look}>[[ words.classify|html ]]</button>
[% endif %]
    <p role="status" data-verdict={shown.verdict}>{shown.message}</p>
    <ol>{shown.predictions?.map(({index, label, percent}) => <li key={index}>{label} {percent}</li>)}</ol>
  </>;
}
