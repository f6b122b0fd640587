/** What a model sees in a photo, and how sure it is. */
export interface Answer {
  /** The likeliest classes, most likely first; `percent` is "91%". */
  predictions: {index: number; label: string; probability: number; percent: string}[];
  verdict: 'clear' | 'close' | 'weak' | 'none';
  /** Where no class stands out: the classes in the running. */
  rivals: string[];
  /** Whether the photo is unlike all that the model learned from; null for a model that cannot say. */
  unfamiliar: boolean | null;
  /** Whether `message` says so: always, but for models that can only hint at it, which do in the place of a clear class. */
  strange: boolean;
  /** The number that tells: below `novelty.threshold` of the model's description a photo is unfamiliar. */
  familiarity: number | null;
  /** The verdict as a sentence, or that the photo is unfamiliar. */
  message: string;
  /** The everyday group that leads, where the classes have some. */
  group: {phrase: string; probability: number; kind: Answer['verdict']} | null;
  /** Of every class, in the order of `labels`. */
  probabilities: number[];
  labels: string[];
  /** For scaling the photo and running the model. */
  milliseconds: number;
}

export class Classifier {
  constructor(model: object, base?: string);
  words: Record<string, string>;
  /** Loads scripts and weights before the first photo does; `onProgress` is told the share that has come. */
  open(onProgress?: (share: number) => void): Promise<unknown>;
  /** Frees the memory that the model takes; the next photo loads it anew. */
  close(): Promise<void>;
  /** Photos are answered in the order they came in. */
  classify(photo: Blob | HTMLImageElement | HTMLVideoElement | ImageBitmapSource): Promise<Answer>;
}

/** Takes the address of a model.json, or what is in one. The weights come with the first photo. */
export function load(model: string | object): Promise<Classifier>;

/** Shows the camera; returns what switches it off. */
export function startCamera(video: HTMLVideoElement, words: Record<string, string>): Promise<() => void>;
