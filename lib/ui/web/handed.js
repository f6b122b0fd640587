// @ts-check
/** The files of a drop, those in folders included. */

const PHOTO = /\.(jpe?g|png|webp|gif|hei[cf]|avif|tiff?|bmp)$/i;

/**
 * Return what was dropped: files as they are, and of folders all that are photos by their name.
 *
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export const handed = async (transfer) => (await within(transfer)).map(({ file }) => file);

/**
 * Return the same with the paths that they were dropped with: a folder's photo is "folder/photo.jpg".
 *
 * @param {DataTransfer} transfer
 * @returns {Promise<{ path: string, file: File }[]>}
 */
export async function within(transfer) {
  const files = [...transfer.files].map((file) => ({ path: file.name, file }));
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()); // before the first await: it is gone then
  if (!entries.some((entry) => entry?.isDirectory)) return files;
  const found = await Promise.all(entries.map((entry, place) => (entry?.isDirectory ? inside(entry) : files[place])));
  return found.flat();
}

/**
 * @param {any} folder A FileSystemDirectoryEntry.
 * @returns {Promise<{ path: string, file: File }[]>}
 */
async function inside(folder) {
  const reader = folder.createReader(), found = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail)); // a hundred at a time
    if (!some.length) return found.flat();
    for (const entry of some) {
      if (entry.isDirectory) found.push(await inside(entry));
      else if (PHOTO.test(entry.name)) found.push({ path: entry.fullPath.slice(1), file: await new Promise((done, fail) => entry.file(done, fail)) });
    }
  }
}
