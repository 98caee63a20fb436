; Binary trees, after GCBench by John Ellis, Pete Kovac and Hans Boehm.
;     07-lisp lisp/gcbench.lisp [depth]
;
; A tree of the greatest depth is made and forgotten, to stretch the heap.  Then
; one tree and one array live on while trees of all depths are made by the
; million nodes, half of them from the top down (which stores young nodes into
; older ones), half from the bottom up, and forgotten at once.
;
; With --stats one sees what the collector did meanwhile.

(define depth (if (null? (arguments)) 12 (string->number (car (arguments)))))
(define array-size (* 125 (expt 2 (- depth 4))))

(define (tree-size depth) (- (expt 2 (+ depth 1)) 1))

; How often a tree of that depth is made: the same number of nodes for each.
(define (iterations d) (quotient (* 2 (tree-size depth)) (tree-size d)))

; A node is a pair of its children.
(define (populate! node depth)
  (when (> depth 0)
    (set-car! node (cons #f #f))
    (set-cdr! node (cons #f #f))
    (populate! (car node) (- depth 1))
    (populate! (cdr node) (- depth 1))))

(define (top-down depth)
  (let ((node (cons #f #f)))
    (populate! node depth)
    node))

(define (bottom-up depth)
  (if (= depth 0)
      (cons #f #f)
      (let* ((left (bottom-up (- depth 1)))
             (right (bottom-up (- depth 1))))
        (cons left right))))

(define (count-nodes node)
  (if (not node)
      0
      (+ 1 (count-nodes (car node)) (count-nodes (cdr node)))))

(define (repeat n make depth)
  (do ((i 0 (+ i 1))
       (nodes 0 (+ nodes (count-nodes (make depth)))))
      ((= i n) nodes)))

(print "stretching: " (count-nodes (bottom-up (+ depth 1))) " nodes")

(define long-lived-tree (top-down depth))
(define long-lived-array
  (let ((array (make-vector array-size 0.0)))
    (do ((i 1 (+ i 1)))
        ((= i (quotient array-size 2)) array)
      (vector-set! array i (/ 1.0 i)))))

(do ((d 4 (+ d 2)))
    ((> d depth))
  (let ((n (iterations d)))
    (print n " trees of depth " d ": " (repeat n top-down d)
           " nodes top down, " (repeat n bottom-up d) " bottom up")))

; What should have lived has lived.
(print "long-lived: " (count-nodes long-lived-tree) " nodes, "
       (vector-ref long-lived-array 100) " in the array")
