// The sentences that the page shows.

export const words = [[ words|js ]];
