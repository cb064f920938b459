# In the machine code that cuobjdump -sass prints, the kernels in which a store to shared memory stands
# between the loads that follow griddepcontrol.wait and precede the first barrier: the loads behind it
# are asked for only when those in front have come. One line each, "kernel loads"; then "looked at N".
#
# Not looked at, as what they store is what they have computed, or comes turn by turn of a loop:
# attention, the scan, the norms of its time steps, the sort of experts' rows and their products.
/Function :/ {
    kernel = $3
    looking = stored = late = 0
    skip = kernel ~ /^(attention|scan|norm_dt_scan)_|_groups_kernel$/
    kernels += !skip
}
/ACQBULK/ { looking = !skip; stored = late = 0 }
looking && / STS/ { stored = 1 }
looking && stored && / (LDG|LD|LDGSTS)\./ { late++ }
looking && /BAR\.SYNC/ {
    if (late)
        print kernel, late
    looking = 0
}
END { print "looked at", kernels + 0 }
