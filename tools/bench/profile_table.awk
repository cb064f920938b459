# Tables of what 'nsys stats' says about a profiled run, as CSV:
#
#   awk -f tools/bench/profile_table.awk nvtx_sum.csv cuda_gpu_kern_sum.csv nvtx_kern_sum.csv
#
# Columns are found by their titles, so their order and further ones do not matter. Lines before
# the titles are skipped: nsys reports its progress, or why a report has nothing to say. Exits 1 if
# a report with titles lacks a column that is needed.

function fail(message) {
    print "profile: " message >"/dev/stderr"
    failed = 1
    exit 1
}

# Splits a line of CSV; quotes protect commas, a doubled quote is one.
function split_csv(line, fields,    count, at, c, quoted) {
    count = 1
    fields[1] = ""
    for (at = 1; at <= length(line); at++) {
        c = substr(line, at, 1)
        if (c == "\"" && quoted && substr(line, at + 1, 1) == "\"") {
            fields[count] = fields[count] c
            at++
        } else if (c == "\"")
            quoted = !quoted
        else if (c == "," && !quoted)
            fields[++count] = ""
        else
            fields[count] = fields[count] c
    }
    return count
}

function column(title) {
    if (!(title in columns))
        fail(FILENAME ": no column '" title "'; is it of another version of nsys?")
    return field[columns[title]]
}

# Ranges are written as DOMAIN:NAME. "" for those of other domains.
function range_name(full) {
    return sub(/^:?ingot:/, "", full) ? full : ""
}

# Kernels are written with or without their parameters.
function kernel_name(full) {
    sub(/\(.*$/, "", full)
    return full
}

function us(ns) {
    return sprintf("%.1f", ns / 1000)
}

function row(name, calls, total, share) {
    printf "  %-60s %8d %12s %10s %6.1f%%\n", name, calls, us(total), us(total / calls), share
}

function titles(what, name) {
    printf "\n%s\n  %-60s %8s %12s %10s %7s\n", what, name, "calls", "total us", "avg us", "share"
}

FNR == 1 { report = FILENAME; sub(/^.*\//, "", report); sub(/\.csv$/, "", report); titled = 0 }
{ sub(/\r$/, "") }
!titled && /Total Time \(ns\)/ {
    split("", columns)
    count = split_csv($0, field)
    for (i = 1; i <= count; i++)
        columns[field[i]] = i
    titled = 1
    seen[report] = 1
    next
}
!titled || $0 == "" { next }
{
    split("", field)
    split_csv($0, field)
    total = column("Total Time (ns)")
}
report == "nvtx_sum" {
    name = range_name(column("Range"))
    if (name ~ /^(load|digests|warm-up|prefill|head|decode|generate|capture)$/) {
        steps[++step_count] = name
        step_calls[step_count] = column("Instances")
        step_total[step_count] = total
    }
}
report == "cuda_gpu_kern_sum" {
    kernels[++kernel_count] = kernel_name(column("Name"))
    kernel_calls[kernel_count] = column("Instances")
    kernel_total[kernel_count] = total
    gpu_total += total
}
report == "nvtx_kern_sum" {
    name = range_name(column("NVTX Range"))
    kernel = kernel_name(column("Kernel Name"))
    if (name ~ /^layer [0-9]+$/) {
        layer = substr(name, 7) + 0
        if (layer >= layers)
            layers = layer + 1
        n = ++layer_kernels[layer]
        layer_kernel[layer, n] = kernel
        layer_calls[layer, n] = column("Kern Inst")
        layer_total[layer, n] = total
        layer_sum[layer] += total
    } else if (name ~ /^[A-Z][A-Z0-9_]* /) {
        if (!(name in op_total))
            ops[++op_count] = name
        op_calls[name] += column("Kern Inst")
        op_total[name] += total
    }
}

END {
    if (failed)
        exit 1
    if (!step_count)
        print "no ranges of this program: were they traced (nsys profile --trace=cuda,nvtx)?"
    else {
        printf "ranges, time on the host\n  %-60s %8s %12s %10s\n", "", "calls", "total us", "avg us"
        for (i = 1; i <= step_count; i++)
            printf "  %-60s %8d %12s %10s\n", steps[i], step_calls[i], us(step_total[i]),
                us(step_total[i] / step_calls[i])
    }
    if (!kernel_count) {
        print "\nno kernels: did the program run on a GPU, inside the captured window?"
        exit 0
    }
    titles("kernels, time on the GPU", "")
    for (i = 1; i <= kernel_count; i++)
        row(kernels[i], kernel_calls[i], kernel_total[i], 100 * kernel_total[i] / gpu_total)
    if (!op_count) {
        print "\nlayers and operations are not told apart inside a CUDA graph: profile with --no-graph"
        exit 0
    }
    titles("operations, time of their kernels on the GPU", "")
    for (i = 1; i <= op_count; i++)
        row(ops[i], op_calls[ops[i]], op_total[ops[i]], 100 * op_total[ops[i]] / gpu_total)
    for (layer = 0; layer < layers; layer++) {
        titles("layer " layer ", " us(layer_sum[layer]) " us on the GPU", "")
        for (n = 1; n <= layer_kernels[layer]; n++)
            row(layer_kernel[layer, n], layer_calls[layer, n], layer_total[layer, n],
                100 * layer_total[layer, n] / layer_sum[layer])
    }
}
