"""Licence notices of the bundled images, written beside the files by ``make``."""

MCGILL = """\
    Copyright (C) 1993-2004 Louis Collins, McConnell Brain Imaging Centre,
    Montreal Neurological Institute, McGill University. Permission to use, copy,
    modify, and distribute this software and its documentation for any purpose and
    without fee is hereby granted, provided that the above copyright notice appear
    in all copies. The authors and McGill University make no representations about
    the suitability of this software for any purpose. It is provided "as is"
    without express or implied warranty."""

MNI152 = f"""\
mni152-t1-64.npz, mni152-t1-128.npz
===================================

Slices of the MNI ICBM152 2009a non-linear symmetric T1 template, 1 mm, taken from the file
mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz inside the nilearn 0.14.1 wheel, padded to
192 mm squares, area-averaged and rounded to bytes.

Notice of the authors of the template:

{MCGILL}

What was checked: nilearn's wheel carries no licence for this file; its description of the
template ends "License: unknown". The notice above is the one that public copies of the
ICBM152 templates quote from the COPYING file of the authors' own archives (release 2009c among
them). The authors' archive of release 2009a itself was not opened when these files were made.

References: V. S. Fonov, A. C. Evans, K. Botteron, C. R. Almli, R. C. McKinstry, D. L. Collins,
"Unbiased average age-appropriate atlases for pediatric studies", NeuroImage 54 (2011);
D. L. Collins, A. P. Zijdenbos, W. F. C. Baare, A. C. Evans, "ANIMAL+INSECT: improved cortical
structure segmentation", IPMI 1999.
"""

COLIN27 = f"""\
colin27-t1-64.npz
=================

Thirty slices of Colin27, one healthy adult scanned 27 times, skull removed, from the file
ch2bet.nii.gz of Debian's package mricron-data 1.2.20211006+dfsg-4, padded to 192 mm squares,
area-averaged, scaled to the grey range of the MNI template and rounded to bytes.

Debian's copyright file states, for all files not listed otherwise (this one is not):

    Files: *
    Copyright: Copyright 2006-2010, Chris Rorden
    License: BSD-3-clause

    Redistribution and use in source and binary forms, with or without
    modification, are permitted provided that the following conditions are met:

    Redistributions of source code must retain the above copyright notice, this
    list of conditions and the following disclaimer.

    Redistributions in binary form must reproduce the above copyright notice, this
    list of conditions and the following disclaimer in the documentation and/or
    other materials provided with the distribution.  Neither the names of the
    copyright owners nor the names of this project (MRIcron) may be used to
    endorse or promote products derived from this software without specific prior
    written permission.

    THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
    AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
    IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
    DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE
    FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
    DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
    SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
    CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
    OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
    OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

The average itself comes from the Montreal Neurological Institute, whose templates carry this
notice; that it also covers Colin27 was not verified:

{MCGILL}

Reference: C. J. Holmes, R. Hoge, L. Collins, R. Woods, A. W. Toga, A. C. Evans, "Enhancement of
MR images using registration for signal averaging", J. Comput. Assist. Tomogr. 22 (1998).
"""

NATURAL = """\
natural-64.npz
==============

Twenty grey crops, area-averaged to 64 x 64, of images inside the scikit-image 0.26.0 wheel.
Only images that scikit-image's own documentation (the notes in skimage/data/_fetchers.py)
states to be CC0 were used; its words are quoted here. The original sites were not visited.

camera.png          "No copyright restrictions. CC0 by the photographer (Lav Varshney)."
brick.png           "downloaded from CC0Textures and licensed under the Creative Commons CC0 License"
grass.png           "downloaded from DeviantArt and licensed under the Creative Commons CC0 License"
gravel.png          "downloaded from CC0Textures and licensed under the Creative Commons CC0 License"
coffee.png          "No copyright restrictions. CC0 by the photographer (Rachel Michetti)."
chelsea.png         "No copyright restrictions. CC0 by the photographer (Stefan van der Walt)."
retina.jpg          "made available under the Creative Commons CC0 1.0 Universal Public Domain Dedication"
                    (Mikael Haeggstroem, Medical gallery, WikiJournal of Medicine 1 (2), 2014)
microaneurysms.png  "No copyright restrictions. CC0 given by owner (Andreas Maier)."
cell.png            "This image is CC0, dedicated to the public domain. You may copy, modify, or
                    distribute it without asking permission."
"""

TEXT = {"mni152": MNI152, "colin27": COLIN27, "natural": NATURAL}
