"""Shrinkage linear discriminant analysis in closed form, and what it says of photos that are left out, from one solve.

Notation: X, shape (n, D), are the rows, m_k the mean of those of class k, S the sum of (x - m)(x - m)ᵀ over all rows,
each with its class's mean. With ν = n - K degrees of freedom the pooled covariance is S / ν; its n - K eigenvalues that
are not 0 have the mean tr S / ν². A `SHRINKAGE` of it is added to every direction (Friedman, Regularized Discriminant
Analysis, J. Am. Stat. Assoc. 84, 1989, with the ridge in place of the convex sum), which leaves, times ν:

    P = (S + λI)⁻¹,  λ = SHRINKAGE · tr S / ν,   logit_k(x) = ν · (m_kᵀ P x - m_kᵀ P m_k / 2)

All classes count the same, however many rows they have (Hastie, Tibshirani and Friedman, The Elements of Statistical
Learning, section 4.3, with equal priors). D is in the thousands and n mostly smaller, so everything is worked out from
the products of rows: P = (I - Eᵀ(λI + EEᵀ)⁻¹E) / λ, where E are the rows less their means (Woodbury's identity).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

SHRINKAGE = 0.3  # of all that were tried, good for means of whole maps and of quarters, from 10 to 100 photos a class
_NOTHING = 1e-9  # rows of length 1 that are the same in float32 spread less than this

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Discriminant:
    """The classes of some rows, and what tells them apart.

    Attributes:
        rows: Shape (n, D), float32.
        labels: Shape (n,), each of 0 … K - 1 at least once.
    """

    rows: Rows
    labels: Ints

    @cached_property
    def counts(self) -> Ints:
        """Return the number of rows of each class, shape (K,)."""
        return np.bincount(self.labels)

    @cached_property
    def products(self) -> Floats:
        """Return the products of all rows with each other, shape (n, n)."""
        return np.asarray(self.rows @ self.rows.T, dtype=np.float64)

    @property
    def freedom(self) -> int:
        """Return ν; 1 where each class has one row."""
        return max(len(self.labels) - len(self.counts), 1)

    def weights(self) -> tuple[Floats, Floats]:
        """Return weight, shape (K, D), and bias, shape (K,), of the logits."""
        count, length = self.rows.shape
        rows = self.rows.astype(np.float64)
        means = self._averaging @ rows
        spread = rows - means[self.labels]
        if count <= length:
            kernel = spread @ spread.T
            ridge = self._ridge(float(np.trace(kernel)))
            inside = np.linalg.solve(kernel + ridge * np.eye(count), spread @ means.T)
            turned = np.asarray((means - inside.T @ spread) / ridge)
        else:
            scatter = spread.T @ spread
            ridge = self._ridge(float(np.trace(scatter)))
            turned = np.asarray(np.linalg.solve(scatter + ridge * np.eye(length), means.T).T)
        weight = self.freedom * turned
        return weight, -0.5 * np.sum(weight * means, axis=1)

    def out_of_fold(self, folds: Ints) -> Floats:
        """Return the logits of each row without the rows of its fold, shape (n, K); λ and ν stay those of all rows.

        -inf for a class all of whose rows are in the fold. Leaving out rows d of class k, measured from the mean m_k,
        takes d dᵀ and the shift of that mean away from S: with d of all classes as rows, S - dᵀBd, where B is
        I + 11ᵀ / (rows of the class that are left) within each class. P then changes by Pdᵀ(B⁻¹ - dPdᵀ)⁻¹dP, all of
        which is made of entries of `_turned`: after the one solve there, a fold costs next to nothing.

        Args:
            folds: Shape (n,).
        """
        count, classes = len(self.labels), len(self.counts)
        found = np.full((count, classes), -np.inf)
        for fold in np.unique(folds):
            out = np.flatnonzero(folds == fold)
            found[out] = self._without(out)
        return found * self.freedom

    def _without(self, out: Ints) -> Floats:
        """Return the logits, over ν, of the rows at the positions `out` without them."""
        count, classes, labels = len(self.labels), len(self.counts), self.labels[out]
        rows, means = slice(count), slice(count, None)
        left = self.counts - np.bincount(labels, minlength=classes)
        share = np.where(left > 0, 1 / np.maximum(left, 1), 0.0)
        # Products through P of what is left out, d, with rows x and means m; then with the means that are left.
        row_mean, mean_mean = self._turned[rows, means][out], self._turned[means, means]
        of_row = self._turned[np.ix_(out, out)] - row_mean[:, labels].T
        of_mean = row_mean - mean_mean[labels]
        of_each = of_row - of_mean[:, labels]
        shift = np.eye(classes)[labels] * share
        row_mean = row_mean - of_row.T @ shift
        lengths = np.diag(mean_mean) - 2 * np.sum(shift * of_mean, axis=0) + np.sum(shift * (of_each @ shift), axis=0)
        of_mean = of_mean - of_each @ shift
        within = np.eye(len(out)) + (labels[:, None] == labels) * share[labels]
        change = np.linalg.solve(np.linalg.inv(within) - of_each, of_mean)
        logits = row_mean + of_row.T @ change - (lengths + np.sum(of_mean * change, axis=0)) / 2
        return np.where(left > 0, logits, -np.inf)

    @cached_property
    def _averaging(self) -> Floats:
        """Return what makes class means of rows, shape (K, n)."""
        return np.asarray(np.eye(len(self.counts))[self.labels].T / self.counts[:, None])

    @cached_property
    def _turned(self) -> Floats:
        """Return the products through P of all rows and then all means with each other, shape (n + K, n + K)."""
        count = len(self.labels)
        less = np.eye(count) - self._averaging[self.labels]
        both = np.concatenate([np.eye(count), self._averaging])
        plain = both @ self.products
        kernel, cross = less @ self.products @ less.T, plain @ less.T
        ridge = self._ridge(float(np.trace(kernel)))
        inside = np.linalg.solve(kernel + ridge * np.eye(count), cross.T)
        return np.asarray((plain @ both.T - cross @ inside) / ridge)

    def _ridge(self, trace: float) -> float:
        """Return λ; 1 where no class has two different rows: then the nearest mean decides."""
        return SHRINKAGE * trace / self.freedom if trace > _NOTHING * len(self.labels) else 1.0
