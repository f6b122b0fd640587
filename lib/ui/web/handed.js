// @ts-check
/** The files of a drop, those in folders included. */

const PHOTO = /\.(jpe?g|png|webp|gif|hei[cf]|avif|tiff?|bmp)$/i;

/**
 * Return what was dropped: files as they are, and of folders all that are photos by their name.
 *
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function handed(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()); // before the first await: it is gone then
  if (!entries.some((entry) => entry?.isDirectory)) return files;
  const found = await Promise.all(entries.map((entry, place) => (entry?.isDirectory ? inside(entry) : files[place])));
  return found.flat();
}

/**
 * @param {any} folder A FileSystemDirectoryEntry.
 * @returns {Promise<File[]>}
 */
async function inside(folder) {
  const reader = folder.createReader(), found = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail)); // a hundred at a time
    if (!some.length) return found.flat();
    for (const entry of some) {
      if (entry.isDirectory) found.push(await inside(entry));
      else if (PHOTO.test(entry.name)) found.push(await new Promise((done, fail) => entry.file(done, fail)));
    }
  }
}
