"""Robust null space properties that follow from the coherence or from a restricted isometry constant."""

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab.kernel.recovery import RecoveryConstants, recovery_constants


def coherence_robust_nsp(mu, s) -> RecoveryConstants:
    r"""Return what the coherence of unit columns promises for ``s``-sparse recovery.

    From :math:`v_i=\langle a_i,Av\rangle-\sum_{j\ne i}\langle a_i,a_j\rangle v_j` follows
    :math:`(1+\mu)|v_i|\le\mu\|v\|_1+\|Av\|`. Summed over a support this is the :math:`\ell^1` property with
    :math:`\rho=s\mu/(1+\mu-s\mu)` and :math:`\tau=s/(1+\mu-s\mu)`; :math:`\rho<1` if
    :math:`s<(1+1/\mu)/2`.

    Parameters
    ----------
    mu : float
        Coherence, between 0 and 1; the columns must have length one.
    s : int

    >>> promise = coherence_robust_nsp(0.25, 1)
    >>> promise.rho, promise.tau
    (0.25, 1.0)
    >>> coherence_robust_nsp(0.25, 3)
    <RecoveryConstants not applicable: rho = 1.5 is not below 1>
    """
    mu, s = as_number(mu, "mu", low=0.0, high=1.0), as_count(s, "s", low=1)
    room = 1 + mu - s * mu
    if room <= 0:
        return RecoveryConstants(s, np.inf, np.inf, "l1", None, None, reason="s mu is not below 1 + mu")
    return recovery_constants(s * mu / room, s / room, s)


def ric_robust_nsp(delta, s) -> RecoveryConstants:
    r"""Return what a restricted isometry constant of order ``2 s`` promises for ``s``-sparse recovery.

    If :math:`\delta=\delta_{2s}<4/\sqrt{41}`, the :math:`\ell^2` property holds with
    :math:`\rho=\delta/d` and :math:`\tau=\sqrt{1+\delta}/d`, where :math:`d=\sqrt{1-\delta^2}-\delta/4`.

    Parameters
    ----------
    delta : float
        At least :math:`\delta_{2s}`, not negative.
    s : int

    Notes
    -----
    *Proof.* Order ``v`` by size in blocks :math:`S_0,S_1,\dots` of ``s`` entries and write
    :math:`\|Av_{S_0}\|^2=(1+t)\|v_{S_0}\|^2`. Then
    :math:`|\langle Av_{S_0},Av_{S_k}\rangle|\le\sqrt{\delta^2-t^2}\|v_{S_0}\|\|v_{S_k}\|`, and
    :math:`\sum_{k\ge1}\|v_{S_k}\|_2\le\|v_{S_0^c}\|_1/\sqrt s+\|v_{S_0}\|_2/4`. Insert both in
    :math:`\|Av_{S_0}\|^2=\langle Av_{S_0},Av\rangle-\sum_k\langle Av_{S_0},Av_{S_k}\rangle`; the factor
    :math:`\sqrt{\delta^2-t^2}/(1+t)` is largest, :math:`\delta/\sqrt{1-\delta^2}`, at
    :math:`t=-\delta^2`, and :math:`1/\sqrt{1+t}\le1/\sqrt{1-\delta}`.

    >>> promise = ric_robust_nsp(0.6, 1)                            # d = 0.8 - 0.15 = 0.65
    >>> bool(np.isclose(promise.rho, 0.6 / 0.65)), bool(np.isclose(promise.tau, np.sqrt(1.6) / 0.65))
    (True, True)
    >>> ric_robust_nsp(0.7, 1).applicable
    False
    """
    delta, s = as_number(delta, "delta", low=0.0), as_count(s, "s", low=1)
    room = np.sqrt(1 - delta**2) - delta / 4 if delta < 1 else 0.0
    if room <= 0:
        return RecoveryConstants(s, np.inf, np.inf, "l2", None, None,
                                 reason=f"delta = {delta:.6g} is not below 4/sqrt(41)")
    return recovery_constants(float(delta / room), float(np.sqrt(1 + delta) / room), s, norm="l2")
