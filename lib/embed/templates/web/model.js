// The model: what its file takes and answers, where it is, and its labels.

export const model = [[ model|js ]];
